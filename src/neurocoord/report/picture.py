"""SVG as a part of a page: written anew from a list of what a picture may hold.

Whatever does not stand in the list is refused, so that a figure can neither run nor fetch anything.
"""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

SVG_SPACES = ("", "http://www.w3.org/2000/svg")
XLINK = "http://www.w3.org/1999/xlink"
# matplotlib names the one font it drew with; elsewhere it may not be there, and Verdana is as wide.
FONT, FONTS = re.compile(r"'DejaVu Sans'(?=\s*(;|$))"), "'DejaVu Sans', Verdana, sans-serif"

TAGS = re.compile(
    r"svg|g|defs|symbol|use|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|title|"
    r"desc|style|image|clipPath|mask|pattern|marker|linearGradient|radialGradient|stop"
)
ATTRIBUTES = re.compile(
    r"id|class|style|type|version|viewBox|preserveAspectRatio|width|height|x|y|x1|y1|x2|y2|dx|"
    r"dy|cx|cy|r|rx|ry|fx|fy|d|points|transform|rotate|offset|opacity|color|display|visibility|"
    r"overflow|href|gradientUnits|gradientTransform|spreadMethod|patternUnits|patternTransform|"
    r"patternContentUnits|clipPathUnits|maskUnits|maskContentUnits|markerUnits|markerWidth|"
    r"markerHeight|refX|refY|orient|textLength|lengthAdjust|letter-spacing|word-spacing|"
    r"dominant-baseline|alignment-baseline|baseline-shift|writing-mode|shape-rendering|"
    r"text-rendering|image-rendering|vector-effect|paint-order|mix-blend-mode"
)
FAMILIES = re.compile(r"(fill|stroke|font|text|clip|mask|marker|stop)(-[a-z]+)*")
FUNCTIONS = re.compile(
    r"url|rgba?|hsla?|matrix|translate[XY]?|scale[XY]?|rotate|skew[XY]|none", re.IGNORECASE
)
PICTURES = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")


def inline(svg: str, alt: str, prefix: str) -> str:
    """An SVG file as part of a page: without its head, its ids its own, with words for those who do
    not see it. ValueError for one that is no SVG, runs a script or fetches what is elsewhere."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"svg is not a picture: {error}") from None
    if _tag(root) != "svg":
        raise ValueError(f"svg begins with <{_tag(root)}>; it must be <svg>")
    return _written(root, prefix, f' role="img" aria-label="{escape(alt)}"')


def _written(element: ElementTree.Element, prefix: str, label: str = "") -> str:
    tag = _tag(element)
    if not TAGS.fullmatch(tag):
        raise ValueError(f"svg holds <{tag}>; a picture alone is allowed")
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (_attribute(tag, *each, prefix) for each in element.attrib.items())
        if name
    )
    if tag == "style":
        _refuse_active(tag, "text", element.text or "")
        if len(element) or set(element.text or "") & {"<", "&"}:
            raise ValueError("svg has <style> with more than rules; a picture alone is allowed")
        inside = _own_ids(element.text or "", prefix)
    else:
        inside = escape(element.text or "", quote=False)
    for child in element:
        if _tag(child) != "metadata":
            inside += _written(child, prefix)
        inside += escape(child.tail or "", quote=False)
    return f"<{tag}{label}{attributes}>{inside}</{tag}>"


def _attribute(tag: str, name: str, value: str, prefix: str) -> tuple[str, str]:
    """Name and value as they are written; no name where it is left out."""
    space, _, name = name.rpartition("}")
    if space == "{http://www.w3.org/XML/1998/namespace" or (
        space == "{" + XLINK and name == "type"
    ):
        return "", ""  # xml:space and the like
    known = ATTRIBUTES.fullmatch(name) or FAMILIES.fullmatch(name)
    if not known or space not in ("", "{" + XLINK) or (space and name != "href"):
        raise ValueError(f"svg has {name}={value!r}; a picture alone is allowed")
    if name == "id":
        return name, prefix + value
    if name == "href":
        if value.startswith("#"):
            return name, f"#{prefix}{value[1:]}"
        if tag == "image" and PICTURES.fullmatch(value):
            return name, value
        raise ValueError(f"svg has href={value!r}; '#...' and pictures as data are allowed")
    _refuse_active(tag, name, value)
    return name, FONT.sub(FONTS, _own_ids(value, prefix))


def _refuse_active(tag: str, name: str, text: str) -> None:
    """ValueError for style that may fetch: rules with @, escapes, functions that are not known."""
    called = re.findall(r"([\w-]*)\s*\(\s*([\"']?.?)", text)
    elsewhere = [
        function
        for function, begins in called
        if not FUNCTIONS.fullmatch(function)
        or (function.lower() == "url" and begins.strip("\"'") != "#")
    ]
    if elsewhere or "@" in text or "\\" in text:
        raise ValueError(f"svg has <{tag}> with {name}={text!r}; a picture alone is allowed")


def _own_ids(text: str, prefix: str) -> str:
    return re.sub(r"(url\(\s*[\"']?#)", rf"\g<1>{prefix}", text, flags=re.IGNORECASE)


def _tag(element: ElementTree.Element) -> str:
    """Name of an SVG element; one of another kind with its namespace."""
    space, _, name = str(element.tag).rpartition("}")
    return name if space.removeprefix("{") in SVG_SPACES else f"{space[1:]} {name}"
