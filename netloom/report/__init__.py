"""What a run found: `report.json`, its page, and reports side by side.

Writing it is the last stage of a run, whose results it reads: so this room and `pipeline` need each other, no two files
do.
"""
