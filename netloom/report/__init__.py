"""What a run found: `report.json`, its page, and reports side by side."""
