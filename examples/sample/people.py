"""Who visits the sample shop, with what, when, and what they do there. All of them are made up."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
WINDOWS, MAC, LINUX = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"


@dataclass(frozen=True)
class Machine:
    user_agent: str
    vendor: str
    width: int
    height: int
    touch: bool = False


MACHINES = {
    "win": Machine(CHROME.format(WINDOWS), "Google Inc.", 1536, 730),
    "win-big": Machine(CHROME.format(WINDOWS), "Google Inc.", 1920, 945),
    "edge": Machine(CHROME.format(WINDOWS) + " Edg/142.0.0.0", "Google Inc.", 1440, 760),
    "mac": Machine(CHROME.format(MAC), "Google Inc.", 1440, 789),
    "safari": Machine(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        "Apple Computer, Inc.",
        1280,
        720,
    ),
    "firefox": Machine(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", "", 1366, 660
    ),
    "linux": Machine("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "", 1600, 860),
    "iphone": Machine(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        "Apple Computer, Inc.",
        390,
        664,
        touch=True,
    ),
    "pixel": Machine(
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        "Google Inc.",
        412,
        780,
        touch=True,
    ),
    "ipad": Machine(
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        "Apple Computer, Inc.",
        820,
        1106,
        touch=True,
    ),
}


@dataclass(frozen=True)
class Visit:
    """`steps` are words that `make.py` knows, some with an argument after a colon. `ago` is when it ended, in hours."""

    ago: float
    steps: str


@dataclass(frozen=True)
class Person:
    machine: str
    name: str = ""
    visits: tuple[Visit, ...] = field(default=())

    @property
    def email(self) -> str:
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return plain.lower().replace(" ", ".") + "@example.com"


def person(machine: str, name: str, *visits: tuple[float, str]) -> Person:
    return Person(machine, name, tuple(Visit(ago, steps) for ago, steps in visits))


BUY = "cart checkout fill pay"
PEOPLE = (
    person(
        "mac",
        "Ada Larsen",
        (305, "browse item:reed-vase photos leave"),
        (71, f"login item:reed-vase glaze add {BUY}"),
        (
            0.1,
            "browse filter:Bowls item:dune-bowl photos more add cart voucher:WELCOME10 rage checkout fill-some wait leave",
        ),
    ),
    person(
        "win",
        "Tomás Ribeiro",
        (290, "browse item:harbor-mug video more add signup " + BUY),
        (48, "browse filter:Cups item:tide-tumbler add cart leave"),
    ),
    person(
        "iphone",
        "Mina Okafor",
        (262, "browse item:bud-vase photos add cart voucher:WELCOME10 rage wait leave"),
        (26, f"login item:bud-vase add {BUY}"),
    ),
    person(
        "firefox",
        "Jonas Weber",
        (250, "search:jug item:brook-jug size delivery:4 add signup cart checkout fill-some leave"),
    ),
    person(
        "pixel",
        "Priya Raman",
        (226, "browse filter:Cups item:espresso-cup more more more add signup " + BUY),
        (3.2, "browse item:harbor-mug photos video add cart leave"),
    ),
    person(
        "edge",
        "Helen Marsh",
        (214, "browse item:moss-teapot photos delivery:6 chat wait leave"),
        (213, f"item:moss-teapot add signup {BUY}"),
    ),
    person(
        "win-big",
        "Kenji Mori",
        (202, "browse sort:high item:moss-teapot item:orchard-bowl photos add cart remove leave"),
        (95, "login sort:low item:espresso-cup add cart voucher:SPRING rage leave"),
    ),
    person(
        "safari",
        "Clara Neumann",
        (190, "browse item:pebble-planter photos add signup cart checkout gift fill pay"),
        (40, "login browse search:jug item:brook-jug photos more add cart leave"),
    ),
    person(
        "iphone",
        "Sofia Rossi",
        (178, "browse item:dune-bowl photos leave"),
        (52, "browse item:dune-bowl more add signup cart checkout fill-some leave"),
    ),
    person(
        "linux",
        "Emil Novak",
        (166, "browse search:blue item:harbor-mug size care add signup cart checkout wrong fill pay"),
    ),
    person(
        "mac",
        "Grace Mbeki",
        (150, "browse filter:Vases item:bud-vase glaze item:reed-vase glaze add cart qty checkout leave"),
        (8, f"signup item:reed-vase add {BUY}"),
    ),
    person(
        "win",
        "Oscar Lindqvist",
        (141, "browse letter studio leave"),
        (20, "browse item:ember-holder photos add cart voucher:welcome10 rage rage leave"),
    ),
    person("pixel", "Yuki Tanaka", (130, f"browse item:tide-tumbler glaze more add signup {BUY}")),
    person(
        "edge",
        "Daniel Osei",
        (118, "item:field-plate more more more delivery:9 add signup cart checkout fill-some wait leave"),
    ),
    person(
        "safari",
        "Ines Moreau",
        (104, "browse filter:Bowls sort:low item:orchard-bowl photos chat leave"),
        (30, "login item:orchard-bowl add cart checkout gift fill pay"),
    ),
    person("ipad", "Ruth Adler", (88, "browse item:brook-jug photos size add signup cart checkout wrong leave")),
    person("win", "Marek Zielinski", (76, f"browse item:harbor-mug glaze more add item:espresso-cup add signup {BUY}")),
    person("iphone", "Leila Haddad", (60, "browse search:bowl item:dune-bowl add cart checkout fill-some leave")),
    person(
        "mac",
        "Noah Fischer",
        (44, "browse item:moss-teapot photos care add signup cart voucher:SPRING rage checkout fill pay"),
        (1.1, "login browse filter:Light item:ember-holder more add cart wait leave"),
    ),
    # Visitors who never say who they are.
    person("win", "", (236, "browse filter:Cups item:tide-tumbler photos leave")),
    person("pixel", "", (159, "browse item:harbor-mug video leave"), (14, "item:harbor-mug add cart leave")),
    person("firefox", "", (82, "browse studio item:pebble-planter size delivery:6 leave")),
    person("iphone", "", (35, "browse filter:Vases item:reed-vase photos chat leave")),
    person("edge", "", (17, "browse search:teapot item:moss-teapot photos wait size leave")),
    person("mac", "", (5.5, "browse sort:high item:moss-teapot item:reed-vase add cart voucher:GIFT rage leave")),
    person("linux", "", (0.45, "browse filter:Table item:field-plate photos delivery:3 more add cart checkout leave")),
)
