"""The course week on the screen: how far the visitor is, the core concepts, and one station after the other."""

import secrets

import streamlit as st

from ...charts import week_progress
from ...topics.course.progress import MAX_BYTES, Mark, Progress, Status
from ...topics.course.station import HOURS, OBJECTIVES, SEEDS, Station, answer, outline, path
from ...topics.course.week import CONCEPTS, RESOURCES
from .. import navigation
from ..fields import NumberField
from ..slots import Slot

OPENED = "course week"  # in the session
FILE = "week-16-progress.json"
UPLOAD = "progress-file"
LARGEST = 1e9  # of an answer
LONGEST = 200  # characters of a prediction
WORDS = {Status.OPEN: "to do", Status.SHOWN: "answer looked up", Status.DONE: "done"}
ICONS = {
    Status.OPEN: ":material/radio_button_unchecked:",
    Status.SHOWN: ":material/visibility:",
    Status.DONE: ":material/check_circle:",
}


class Week:
    """What one visitor has done of the week.

    Attributes:
        progress: which stations are done.
        given: station -> the answer in its field.
        replies: station -> the reply to its last answer: kind of message, and words.
        opened: names of the stations that are unfolded.
        message: kind and words of the message about the file that was loaded; None: nothing to say.
        invalid_fields: see `fields.Session`.
    """

    def __init__(self, progress: Progress):
        self.message: tuple[str, str] | None = None
        self.begin(progress)

    def begin(self, progress: Progress) -> None:
        """Go on from this progress."""
        self.progress = progress
        self.given: dict[str, float | str] = {}
        self.replies: dict[str, tuple[str, str]] = {}
        self.opened = {progress.next}
        self.invalid_fields: dict[str, tuple[str, str]] = {}

    @property
    def stations(self):
        """The stations, with the visitor's numbers: {name: station}."""
        return path(self.progress.seed)

    def check(self, name: str) -> None:
        """Compare the answer in the field of a station with the one that the app computes."""
        given = self.given.get(name)
        if field(name) in self.invalid_fields:
            self.replies.pop(name, None)
            return
        if given is None:
            self.replies[name] = "info", "Give an answer first."
            return
        right = answer(name, self.progress.seed)
        if right.close(given):
            self.replies[name] = "info", "Close: give three digits. With fewer, a known mistake looks the same."
            return
        self.progress.tried(name, right.right(given))
        if right.right(given):
            self.replies[name] = "success", f"Right: the app computes {right.words}."
            self.opened.add(self.progress.next)
            return
        mistake, hint = right.mistake(given), self.stations[name].hint
        self.replies[name] = "warning", f"Not yet. {f'It looks as if {mistake}. ' if mistake else ''}Look at {hint}"

    def show(self, name: str) -> None:
        """Show the answer."""
        self.progress.shown(name)
        self.opened.add(self.progress.next)
        self.replies[name] = "info", f"The app computes {answer(name, self.progress.seed).words}."

    def load(self) -> None:
        """Go on from the file that the visitor chose. A file that can't be read changes nothing."""
        file = st.session_state[UPLOAD]
        if file is None:
            return
        try:
            if file.size > MAX_BYTES:
                raise ValueError(f"This file is too large: progress takes less than {MAX_BYTES:,} bytes.")
            progress, notices = Progress.from_json(file.read(MAX_BYTES + 1))
        except ValueError as error:
            self.message = "error", f"{error} Your progress is as it was."
            return
        self.begin(progress)
        self.message = "success", " ".join(["Your progress is back.", *notices])


def field(name: str) -> str:
    """Key of the field for the answer of a station."""
    return f"answer-{name}"


def open_week() -> Week:
    """The visitor's week. A new visitor gets a seed, and so numbers of their own in the questions."""
    if OPENED not in st.session_state:
        st.session_state[OPENED] = Week(Progress(secrets.randbelow(SEEDS)))
    return st.session_state[OPENED]


def overview(week: Week) -> None:
    """How far the visitor is: hours of each part, and the share of each objective."""
    progress = week.progress
    left, right = st.columns([11, 10], gap="large")
    done = {part: [progress.hours(status, part) for status in (Status.DONE, Status.SHOWN)] for part in HOURS}
    Slot(left).show(week_progress({part: (*hours, HOURS[part]) for part, hours in done.items()}))
    for objective in OBJECTIVES:
        total = sum(station.hours for station in outline().values() if station.objective == objective)
        share = progress.hours(Status.DONE, objective=objective) / total
        right.progress(share, f"{objective}: {share:.0%}")


def file(week: Week) -> None:
    """Save progress to a file, and load it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Save or load", icon=":material/save:"):
            st.download_button(
                "Save progress", week.progress.to_json, FILE, "application/json", key="save-progress",
                icon=":material/download:", on_click="ignore", width="stretch",
            )  # fmt: skip
            st.file_uploader(
                "Load progress", "json", key=UPLOAD, on_change=week.load, max_upload_size=1,
                help="The file that *Save progress* gave. It takes the place of what is here.",
            )  # fmt: skip
        st.caption("Progress lasts as long as this tab is open: save it. Your questions have numbers of their own.")
    if week.message:
        kind, words = week.message
        getattr(st, kind)(words)
        week.message = None


def link(station: Station, label: str) -> None:
    """A link that opens the page of a station, with its knobs set, in the same session."""
    page = navigation.pages()[station.page]
    st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=station.query)


def concepts(week: Week) -> None:
    """The core concepts, each with its formula, a link to see it at work, and resources."""
    for place, concept in zip(st.columns(len(CONCEPTS)), CONCEPTS, strict=True):
        with place.container(border=True, height="stretch"):
            st.markdown(f"**{concept.title}**")
            st.latex(concept.formula)
            st.markdown(concept.meaning)
            link(week.stations[concept.station], "See it live")
            st.caption("  \n".join(f"[{title}]({url})" for title, url in RESOURCES.items()))


def stations(week: Week) -> None:
    """All stations, part by part; the next one is unfolded."""
    for part, hours in HOURS.items():
        st.subheader(f"{part} · {hours} h", anchor=False)
        for name, station in outline().items():
            if station.part == part:
                unfold(week, name, station)


def unfold(week: Week, name: str, station: Station) -> None:
    """A station behind its title; the visitor's own question is drawn when it is opened."""
    key, mark = f"station-{name}", week.progress.marks[name]

    def toggle():
        (week.opened.add if st.session_state[key] else week.opened.discard)(name)

    st.session_state[key] = name in week.opened
    label = f"{station.title} :gray[· {station.hours:g} h]"
    with st.expander(label, key=key, icon=ICONS[mark.status], on_change=toggle) as place:
        if place.open:
            body(week, name, week.stations[name], mark)


def body(week: Week, name: str, station: Station, mark: Mark) -> None:
    """A station: predict, do, answer."""
    attempts = f" · {mark.attempts} attempt{'s' * (mark.attempts > 1)}" if mark.attempts else ""
    st.caption(f"{station.objective} · {WORDS[mark.status]}{attempts}")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**Predict.** {station.predict}")
        prediction(name)
        st.markdown(f"**Do.** {station.do}")
        if station.code:
            st.code(station.code, language="python")
        link(station, f"Open “{station.title}”")
    with right:
        st.markdown(f"**Question.** {station.question}")
        answer_field(week, name, station)
        with st.container(horizontal=True):
            st.button(
                "Check", key=f"check-{name}", type="primary", icon=":material/check:", on_click=week.check, args=(name,)
            )
            st.button("Show me", key=f"show-{name}", icon=":material/visibility:", on_click=week.show, args=(name,))
        if name in week.replies:
            kind, words = week.replies[name]
            getattr(st, kind)(words)


def prediction(name: str) -> None:
    """A field for what the student expects, in words. Nobody else reads it, and it lasts as long as the session."""
    st.text_input(
        "Your prediction", key=f"prediction-{name}", max_chars=LONGEST, placeholder="What do you expect?",
        autocomplete="off", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip


def answer_field(week: Week, name: str, station: Station) -> None:
    """A field for the answer."""
    key, given = field(name), week.given.get(name)

    def take(value):
        week.given[name] = value

    if not station.choices:
        expected = "in percent, such as 25" if station.percent else "a number, such as 0.25 or 1/3"
        number = NumberField(
            label="Your answer", key=key, low=-LARGEST, high=LARGEST, placeholder=expected, percent=station.percent
        )
        number.show(week, st, "" if given is None else f"{given:.10g}", take)
        return
    st.session_state[key] = given
    st.segmented_control("Your answer", station.choices, key=key, on_change=lambda: take(st.session_state[key]))
