"""`neurocoord build`: a body of any size, as a file that the other commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocoord.cli.given import Json, checking

if TYPE_CHECKING:
    from neurocoord.body.scale import Size

KINDS = ("humanoid", "dynamometer")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def command(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="File to write, ending in .xml.")
    ],
    sex: Annotated[str | None, typer.Option(help="male or female.", show_default="male")] = None,
    height: Annotated[
        float | None,
        typer.Option(
            parser=_number, metavar="M", help="Standing height in m.", show_default="1.73"
        ),
    ] = None,
    mass: Annotated[
        float | None,
        typer.Option(
            parser=_number,
            metavar="KG",
            help="Body mass in kg.",
            show_default="24.1 height squared",
        ),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(parser=_number, metavar="S", help="Muscle force over that of this size."),
    ] = 1.0,
    proportions: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Table of proportions in place of --sex."),
    ] = None,
    kind: Annotated[
        str, typer.Option(help="humanoid (free on a floor) or dynamometer (seated, strapped).")
    ] = KINDS[0],
    json: Json = False,
) -> None:
    """Write the body of somebody else: a woman or a man of any height and mass.

    Masses follow de Leva (1996). Muscle volume goes with mass times height (Handsfield 2014), force
    with volume over fibre length; fibres and tendons go with the segments they span. A table of
    your own has the form of models/proportions/male.csv.

    Example: `neurocoord build --sex female --height 1.65 --mass 60 -o woman.xml`, then
    `neurocoord run crawl --body woman.xml`
    """
    with checking():
        _check(out, sex, proportions, kind)
        size = _size(sex or proportions, height, mass, strength)
    from neurocoord import results
    from neurocoord.body.build import build_spec

    spec = build_spec(kind, size)
    spec.compile()
    with results.atomic_path(out) as temporary:
        temporary.write_text(spec.to_xml(), encoding="utf-8")
    from neurocoord.cli import show

    told = describe(out, size)
    if json:
        show.print_json(told)
    else:
        _print(told)


def describe(path: Path, size: Size) -> dict[str, Any]:
    """What was written: size, strength against the shipped body, lengths, masses."""
    from neurocoord.body import model
    from neurocoord.body.anatomy import load_anatomy
    from neurocoord.body.scale import scales

    body, own = model.load(path.absolute()), model.load()
    drawn = load_anatomy()
    lengths: dict[str, float] = {}
    for row in drawn.bodies:
        bone = scales(drawn, size)[row.name].bone[0]
        lengths.setdefault(row.segment, round(row.segment_length_m * bone, 4))
    force = body.muscle_parameters.max_force_n / own.muscle_parameters.max_force_n
    regions = {row.name: row.region for row in drawn.muscles}
    return {
        "file": str(path),
        "kind": body.kind,
        "proportions": size.proportions.name,
        "height_m": round(size.height_m, 4),
        "mass_kg": round(size.mass_kg, 3),
        "muscle_mass_kg": round(float(body.table.mass_kg.sum()), 3),
        "muscle_share": round(float(body.table.mass_kg.sum()) / size.mass_kg, 4),
        "strength_scale": {
            region: round(float(force[[regions[m[:-2]] == region for m in body.muscles]].mean()), 4)
            for region in dict.fromkeys(regions.values())
        },
        "segment_length_m": lengths,
        "keyframes": [body.model.key(k).name for k in range(body.model.nkey)],
        "sha256": body.model_hash,
    }


def _check(out: Path, sex: str | None, proportions: str | None, kind: str) -> None:
    """Raises ValueError for what is not allowed, before any work."""
    import os

    from neurocoord.settings import unknown

    if out.suffix != ".xml":
        raise ValueError(f"--out {out} is not allowed; the file ends in .xml")
    folder = out.absolute().parent
    if out.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(f"{out} cannot be written: {folder} must be a folder you can write to")
    if sex is not None and proportions is not None:
        raise ValueError("--sex and --proportions both name a table of proportions; give one")
    for option, value, allowed in (("--sex", sex, ("male", "female")), ("--kind", kind, KINDS)):
        if value is not None and value not in allowed:
            raise ValueError(unknown(option, value, allowed))


def _size(
    proportions: str | None, height: float | None, mass: float | None, strength: float
) -> Size:
    from neurocoord.body.anatomy import load_anatomy
    from neurocoord.body.proportions import REFERENCE, read_proportions
    from neurocoord.body.scale import make_size

    table = read_proportions(proportions or REFERENCE)
    return make_size(load_anatomy(), table, height_m=height, mass_kg=mass, strength=strength)


def _print(told: dict[str, Any]) -> None:
    print(
        f"{told['file']}: {told['kind']}, {told['proportions']}, {told['height_m']:.3g} m,"
        f" {told['mass_kg']:.4g} kg, of which muscle {told['muscle_mass_kg']:.3g} kg"
        f" ({100 * told['muscle_share']:.0f} %)"
    )
    forces = ", ".join(f"{region} {value:.2f}" for region, value in told["strength_scale"].items())
    print(f"Muscle force over the shipped body's: {forces}")
    lengths = ", ".join(f"{n.lower()} {v:.3f}" for n, v in told["segment_length_m"].items())
    print(f"Segment lengths (m): {lengths}")
    print(f"Keyframes: {', '.join(told['keyframes'])}")
