"""The stages that a preset is made of: frozen values, one module each. Stages that judge a page bind to a `Step`.

Read -> page* -> Dedup(url) -> page* -> (Dedup(text) -> page*)* -> [Size]

where a page stage is a Filter, a Clean (or Corrected), an Identify, a Classifier, or a user-defined `PageStage`.
"""

from c4pipe.stages.base import PageStage, Scope, Stage, after, judge
from c4pipe.stages.classifier import Classifier
from c4pipe.stages.clean import Clean
from c4pipe.stages.corrected import Corrected
from c4pipe.stages.dedup import Dedup
from c4pipe.stages.filter import Filter
from c4pipe.stages.identify import Identify
from c4pipe.stages.preset import Preset
from c4pipe.stages.read import Read, ReadWarc
from c4pipe.stages.size import Size

__all__ = [
    "Classifier",
    "Clean",
    "Corrected",
    "Dedup",
    "Filter",
    "Identify",
    "PageStage",
    "Preset",
    "Read",
    "ReadWarc",
    "Scope",
    "Size",
    "Stage",
    "after",
    "judge",
]
