"""Self-contained HTML pages, which open from disk and load nothing: how their templates are read, and their policy."""

from __future__ import annotations

import base64
import hashlib

import jinja2
from markupsafe import Markup


def templates_of(package: str) -> jinja2.Environment:
    """The templates of a package: everything is escaped, and an unknown name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def styled(template: jinja2.Template, css: str, /, **values: object) -> str:
    """A page of a template that puts `css` into its style element, and `policy` into its Content-Security-Policy. The
    policy only allows that style sheet and pictures within the page."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return template.render(**values, css=Markup(css), policy=Markup(policy))
