"""What made products look like: a drawing for each kind, in the colour that the title names."""

import re

COLORS = {
    "black": "#3a3f44",
    "white": "#f3f2ec",
    "blue": "#2f6fb3",
    "green": "#3a8f5c",
    "red": "#c0453a",
    "grey": "#8a9299",
    "orange": "#e07b2a",
    "sand": "#d8c3a0",
}
USUAL = "#6b8f8a"
# Within 500 by 500. {c}: the colour of the product, {d}: a darker, {l}: a lighter one.
CASE = (
    '<rect x="160" y="60" width="180" height="360" rx="38" fill="{c}"/>'
    '<rect x="180" y="82" width="76" height="76" rx="20" fill="{d}"/>'
    '<circle cx="204" cy="106" r="14" fill="{l}"/><circle cx="232" cy="134" r="14" fill="{l}"/>'
)
DRILL = (
    '<path d="M185 230h90l30 150h-90z" fill="{c}"/>'
    '<rect x="90" y="130" width="240" height="104" rx="34" fill="{c}"/>'
    '<path d="M330 146l50 18v36l-50 18z" fill="{d}"/>'
    '<rect x="380" y="174" width="76" height="16" fill="{l}"/>'
    '<rect x="194" y="376" width="136" height="48" rx="12" fill="{d}"/>'
)
LAMP = (
    '<rect x="241" y="230" width="18" height="170" fill="{d}"/>'
    '<path d="M196 70h108l66 164h-240z" fill="{c}"/>'
    '<path d="M130 234h240l-8 -20h-224z" fill="{l}"/>'
    '<ellipse cx="250" cy="408" rx="100" ry="18" fill="{d}"/>'
)
BOWL = (
    '<path d="M80 220h340l-56 180a20 20 0 0 1 -20 16h-188a20 20 0 0 1 -20 -16z" fill="{c}"/>'
    '<ellipse cx="250" cy="220" rx="170" ry="44" fill="{l}"/>'
    '<ellipse cx="250" cy="226" rx="136" ry="30" fill="{d}"/>'
)
CABLE = (
    '<g fill="none" stroke="{c}" stroke-width="24"><circle cx="220" cy="230" r="120"/>'
    '<circle cx="220" cy="230" r="82"/><path d="M332 280q20 90 -40 110"/></g>'
    '<rect x="220" y="366" width="84" height="50" rx="10" fill="{d}"/>'
    '<rect x="184" y="376" width="36" height="30" fill="{l}"/>'
)
BOTTLE = (
    '<rect x="206" y="50" width="88" height="56" rx="12" fill="{d}"/>'
    '<path d="M214 106h72v24q48 20 48 64v200a28 28 0 0 1 -28 28h-112a28 28 0 0 1 -28 -28v-200'
    'q0 -44 48 -64z" fill="{c}"/><rect x="166" y="230" width="168" height="96" fill="{l}"/>'
)
BAG = (
    '<path d="M200 120v-20a50 50 0 0 1 100 0v20" fill="none" stroke="{d}" stroke-width="20"/>'
    '<rect x="136" y="116" width="228" height="306" rx="64" fill="{c}"/>'
    '<path d="M136 216h228" stroke="{d}" stroke-width="10"/>'
    '<rect x="176" y="276" width="148" height="110" rx="22" fill="{d}"/>'
    '<rect x="176" y="276" width="148" height="28" rx="14" fill="{l}"/>'
)
KITCHEN = (
    '<rect x="234" y="220" width="32" height="206" rx="16" fill="{d}"/>'
    '<path d="M188 90q0 -36 36 -36h64q24 0 24 30v150q0 30 -30 30h-64q-30 0 -30 -30z" fill="{c}"/>'
    '<path d="M212 96v110M238 96v110" stroke="{l}" stroke-width="10"/>'
)
MAT = (
    '<path d="M110 190h250v140h-250a40 70 0 0 1 0 -140z" fill="{c}"/>'
    '<rect x="150" y="190" width="28" height="140" fill="{d}"/>'
    '<ellipse cx="360" cy="260" rx="40" ry="70" fill="{l}"/>'
    '<ellipse cx="360" cy="260" rx="22" ry="42" fill="{c}"/>'
    '<ellipse cx="360" cy="260" rx="8" ry="16" fill="{d}"/>'
)
PARCEL = (
    '<path d="M90 170l160 -70 160 70v180l-160 70 -160 -70z" fill="{c}"/>'
    '<path d="M90 170l160 70 160 -70 -160 -70z" fill="{l}"/>'
    '<path d="M250 240v180" stroke="{d}" stroke-width="10"/>'
)
# The first of these words in a title says what it is.
KINDS = {
    "case": CASE,
    "drill": DRILL,
    "lamp": LAMP,
    "bowl": BOWL,
    "cable": CABLE,
    "bottle": BOTTLE,
    "backpack": BAG,
    "bag": BAG,
    "cube": BAG,
    "spatula": KITCHEN,
    "baking": KITCHEN,
    "cup": KITCHEN,
    "yoga": MAT,
    "band": MAT,
}


def drawing(title: str) -> str:
    """The drawing of a product with that title, as elements of an SVG of 500 by 500."""
    words = re.findall(r"[a-z]+", title.lower())
    shape = next((KINDS[word] for word in words if word in KINDS), PARCEL)
    color = next((COLORS[word] for word in words if word in COLORS), USUAL)
    dark, light = mixed(color, "#10211f", 0.35), mixed(color, "#ffffff", 0.45)
    shown = shape.format(c=color, d=dark, l=light)
    return f'<g stroke="{dark}" stroke-width="3" stroke-linejoin="round">{shown}</g>'


def mixed(color: str, other: str, part: float) -> str:
    """A colour with so much of another one in it, both as #rrggbb."""
    pairs = [(int(color[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)
