"""Tasks: what a network is for, and so what it is trained and judged by.

Tasks judge data sets, and those of users or made here need to know their task: so the two rooms need each other, no
two files do.
"""

from netloom.models.tasks.anomaly import Anomaly
from netloom.models.tasks.classification import Classification
from netloom.models.tasks.control import Control
from netloom.models.tasks.detection import Detection
from netloom.models.tasks.glimpse import Glimpse
from netloom.models.tasks.measures.grammar import Grammar, Writes
from netloom.models.tasks.multilabel import Multilabel
from netloom.models.tasks.next_symbol import NextSymbol
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.reading import Reading
from netloom.models.tasks.registry import add_task, find_task, guess_task, parts_of, read_targets, tasks
from netloom.models.tasks.regression import Reconstruction, Regression
from netloom.models.tasks.segmentation import Segmentation
from netloom.models.tasks.sentences import Sentences
from netloom.models.tasks.several import Several
from netloom.models.tasks.task import Outputs, Predict, Score, Task
from netloom.models.tasks.turing import Turing

__all__ = [
    "Anomaly",
    "Classification",
    "Control",
    "Detection",
    "Glimpse",
    "Grammar",
    "Multilabel",
    "NextSymbol",
    "Outputs",
    "Picture",
    "Predict",
    "Reading",
    "Reconstruction",
    "Regression",
    "Score",
    "Segmentation",
    "Sentences",
    "Several",
    "Shows",
    "Task",
    "Turing",
    "Writes",
    "add_task",
    "find_task",
    "guess_task",
    "parts_of",
    "read_targets",
    "tasks",
]
