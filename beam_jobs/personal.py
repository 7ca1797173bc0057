"""The option of build_c4 about personal data, and the options it excludes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from c4pipe.command import refuse_idle
from c4pipe.stages import Preset, Scope
from c4pipe.stages.personal import PERSONAL_REASONS, USUALLY_MASKED, kinds_named, with_personal_masked


def personal_option(add: Callable[..., Any]) -> None:
    """Adds it to a parser."""
    add(
        "--mask-personal",
        nargs="?",
        const=",".join(USUALLY_MASKED),
        metavar="KIND,...",
        help="replace personal data with <EMAIL>, <IP>, ... as the last step. Kinds: "
        f"{', '.join(PERSONAL_REASONS)} (none given: {' and '.join(USUALLY_MASKED)}, as FineWeb does)",
    )


def with_personal_option(args: Namespace, presets: Sequence[Preset]) -> list[Preset]:
    """The presets with the option applied. ConfigError for a conflicting option, or an unknown kind."""
    if args.mask_personal is not None:
        kinds = kinds_named(args.mask_personal)
        presets = [with_personal_masked(preset, kinds) for preset in presets]
    hiding = [preset.name for preset in presets if unveils(preset)]
    refuse_idle(
        args.given,
        (
            "--restorable",
            args.restorable == "no" or len(hiding) < len(presets),
            f"preset {', '.join(hiding)} masks personal data, but restorable pages are stored unmasked. Leave it out, "
            "or do not mask.",
        ),
    )
    return [*presets]


def unveils(preset: Preset) -> bool:
    """Whether pages stored as of the first text dedup would show what a stage hides."""
    texts = preset.indices(Scope.TEXT)
    return any(stage.hides for stage in preset.stages[min(texts, default=0) :])


def personal_asked(args: Namespace) -> dict[str, str]:
    """The choice, as an option that repeats it."""
    return {} if args.mask_personal is None else {"mask_personal": ",".join(kinds_named(args.mask_personal))}
