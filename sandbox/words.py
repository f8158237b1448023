"""What the made products are made of: word lists and groups. No company, no person."""

from dataclasses import dataclass

ADJECTIVES = (
    "Compact", "Sturdy", "Lightweight", "Foldable", "Adjustable", "Slim", "Soft", "Bright",
    "Quiet", "Waterproof", "Washable", "Rounded", "Classic", "Modern", "Handy", "Shockproof",
)  # fmt: skip
COLORS = ("Black", "White", "Blue", "Green", "Red", "Grey", "Orange", "Sand")
USES = (
    "for Home", "for Travel", "for the Workshop", "for Small Rooms", "for Every Day",
    "for the Garden", "for Beginners", "as a Gift",
)  # fmt: skip
# Put into three titles of five, so that one keyword finds more than half of everything.
COMMON_WORD = "Portable"


@dataclass(frozen=True, slots=True)
class Group:
    """Products of one kind. Prices in US dollars; `department` is where a shop would have them."""

    leaf: tuple[int, str]
    root: tuple[int, str]
    department: str
    nouns: tuple[str, ...]
    prices: tuple[int, int]


# fmt: off
GROUPS = (
    Group((90101, "Phone Cases"), (901, "Phones & Accessories"), "Electronics",
          ("Phone Case", "Silicone Phone Case", "Phone Case with Stand", "Clear Phone Case",
           "Wallet Phone Case"), (2, 19)),
    Group((90201, "Drills"), (902, "Tools"), "ToolsAndHomeImprovement",
          ("Cordless Drill", "Hammer Drill", "Drill Bit Set", "Hand Drill", "Drill Stand"),
          (8, 120)),
    Group((90301, "Lamps"), (903, "Lights & Lighting"), "HomeAndKitchen",
          ("Desk Lamp", "Night Lamp", "Floor Lamp", "Reading Lamp", "Solar Garden Lamp"), (5, 80)),
    Group((90401, "Bowls & Feeders"), (904, "Pet Products"), "PetSupplies",
          ("Dog Bowl", "Slow Feeder Dog Bowl", "Raised Dog Bowl", "Travel Dog Bowl"), (3, 30)),
    Group((90102, "Cables"), (901, "Phones & Accessories"), "Electronics",
          ("USB Cable", "Braided Charging Cable", "Cable Organizer"), (1, 14)),
    Group((90501, "Bottles"), (905, "Home & Kitchen"), "HomeAndKitchen",
          ("Water Bottle", "Insulated Bottle", "Tea Bottle"), (4, 35)),
    Group((90601, "Bags"), (906, "Luggage & Bags"), "Fashion",
          ("Backpack", "Shoulder Bag", "Packing Cube Set"), (7, 60)),
    Group((90502, "Baking"), (905, "Home & Kitchen"), "HomeAndKitchen",
          ("Silicone Spatula", "Baking Mat", "Measuring Cup Set"), (2, 22)),
    Group((90701, "Yoga"), (907, "Sports"), "SportsAndOutdoors",
          ("Yoga Mat", "Yoga Block", "Resistance Band"), (4, 45)),
)
# fmt: on
