"""A lesson is a link that says what to do: a title, a task in one sentence, and the controls that may be turned."""

from dataclasses import dataclass

from .knobs import Flag, Knob
from .record import Record, knob

SEPARATOR = "~"
NOBODY = "none"  # in the URL: no control may be turned


@dataclass(frozen=True, kw_only=True)
class Text(Knob):
    """One line of text, of `most` characters."""

    most: int

    def read(self, text):
        return text

    def nearest(self, value):
        return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[: self.most].rstrip()

    @property
    def domain(self):
        return f"one line of at most {self.most} characters"


@dataclass(frozen=True, kw_only=True)
class Names(Knob):
    """Names of knobs, or None for all; written learning_rate~initializer, or none."""

    most: int = 40

    def read(self, text):
        return () if text == NOBODY else tuple(text.split(SEPARATOR))

    def nearest(self, value):
        if value is None:
            return None
        return tuple(dict.fromkeys(name for name in value if name.isidentifier() and len(name) < 40))[: self.most]

    def write(self, value):
        return "" if value is None else SEPARATOR.join(value) or NOBODY

    @property
    def domain(self):
        return f"at most {self.most} names of controls, written learning_rate{SEPARATOR}seed, or {NOBODY}"


# fmt: off
@dataclass(frozen=True)
class Lesson(Record):
    """What a link says besides its experiment. If it says nothing more, there is no lesson."""

    title: str = knob(
        Text, "", most=80, group="Lesson", label="Title",
        help="Stands above the task.",
    )
    task: str = knob(
        Text, "", most=240, group="Lesson", label="Task",
        help="What to do, in one sentence.",
    )
    controls: tuple[str, ...] | None = knob(
        Names, None, group="Lesson", label="Controls that stay",
        help="All others are fixed, and out of sight.",
    )
    present: bool = knob(
        Flag, False, group="Lesson", label="Presenter view",
        help="For a projector: large type, the pictures, and the controls.",
    )
    # fmt: on

    def shows(self, name: str) -> bool:
        """Whether the control of a knob is shown."""
        return self.controls is None or name in self.controls

    def to_query(self) -> dict[str, str]:
        """The URL's parameters, only those that differ from a plain link."""
        plain = Lesson()
        return {name: text for name, text in super().to_query().items() if getattr(self, name) != getattr(plain, name)}
