#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unit texts of plant rooms, given to pint 0.25.3 (the unit library of Python). "RT" and "TR" are tons of refrigeration, "pu" is
# per unit: pint has them as ronnatesla, as a million million molar gas constants and as a piece of an atom's mass, without an
# error. A pump of 1500 rpm, 25 Hz, is one of 157.08 Hz, because a turn is 2 pi. "ton" is 907 kg. One toe is 10 Gcal by
# definition; here it is 10.0067, because its calorie is the chemists' 4.184 J. "kvarh" it does not know.
# Python 3.11. Fails when one of these changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install Pint==0.25.3

seen=$("$work/venv/bin/python3" - <<'END'
import pint

units = pint.UnitRegistry()
for text in "RT", "TR", "pu":
    print(f"{text}: {units(text).units}")
print(f"1500 rpm: {units.Quantity(1500, 'rpm').to('Hz'):.2f}")
print(f"1 ton: {units('ton').to('kg'):.0f}")
print(f"1 toe: {units('toe').to('Gcal'):.4f}")
try:
    print(f"1 kvarh: {units('kvarh')}")
except pint.UndefinedUnitError as error:
    print(error)
END
)
printf '%s\n' "$seen"
[ "$seen" = "RT: ronnatesla
TR: teramolar_gas_constant
pu: picounified_atomic_mass_unit
1500 rpm: 157.08 hertz
1 ton: 907 kilogram
1 toe: 10.0067 gigacalorie
'kvarh' is not defined in the unit registry" ]
