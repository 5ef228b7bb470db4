"""The session itself: modes, hints, questions, what is sent at its beginning and end."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from vendors.huawei_smartax.simulator import words
from vendors.huawei_smartax.simulator.look import banner, word
from vendors.simulator.rows import Refusal
from vendors.simulator.shell import Mode, ModeShell, Reply, as_reply, on

_PAGE = 23
_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern.replace(" ", r"\s+")), hint)
    for pattern, hint in (
        (r"display service-port all", "<cr>|e2e<K>|sort-by<K>||<K>"),
        (r"display service-port port .*", "<cr>|gemport<K>|sort-by<K>"),
        (r"display service-port", "board<K>|index<U><0,139263>|port<K>"),
        (
            r"display current-configuration",
            "<cr>|include-default<K>|interface<K>|ont<K>|port<K>|section<K>|service-port<K>||<K>",
        ),
        (r"display version", "<cr>|backplane<K>|frameid/slotid<S><Length 3-15>||<K>"),
        (r"display .*", "<cr>||<K>"),
        (r"ont (?:add|confirm) .*", "<cr>|ont-type<K>"),
        (r"ont modify .*", "<cr>|desc<K>"),
        (r"service-port .*", "<cr>|inbound<K>|rx-cttr<K>"),
        (r"save", "<cr>|configuration<K>|data<K>"),
        (r"scroll", "<cr>|number<U><10,512>"),
    )
)
_ALWAYS = (
    "quit",
    "return",
    "enable",
    "config",
    "disable",
    "undo smart",
    "display",
    "scroll",
    "undo interactive",
)
BOARD_LINE = re.compile(r"interface\s+x?gpon\s+0/\d+")


@dataclass
class Basics(ModeShell):
    """A shell that logs in as a user, and is asked for privilege and configuration."""

    smart: bool = True
    interactive: bool = True
    page_length: int = _PAGE
    stack: list[Mode] = field(default_factory=lambda: [Mode("user", "{host}>")])

    @property
    def old(self) -> bool:
        """Whether it is the older generation, MA5600V800R015 and before: fewer commands, fewer fields."""
        return bool(re.match(r"MA5600V800R0(?:0\d|1[0-5])", self.olt.version))

    def open(self) -> str:
        """Banner and login tables."""
        return banner(self.olt.version, "SSH" if self.terminal.transport == "ssh" else "Telnet")

    def feed(self, line: str) -> Reply:
        """As the model does; a terminal passes over NUL, which clients send to see whether a session lives."""
        return super().feed(line.replace("\0", ""))

    def run(self, line: str) -> Reply:
        """Run a line; complete ones that could go on are asked about first, unless `undo smart` was said."""
        if self.smart and (hint := self._hint(line)):
            return self.ask(f"{{ {hint} }}: ", lambda answer: self._after_hint(line, hint, answer))
        return self._run(line)

    def _run(self, line: str) -> Reply:
        if self.olt.busy and line and not line.startswith(_ALWAYS):
            return Reply(words.refusal(Refusal("busy")))
        return super().run(line)

    def _hint(self, line: str) -> str | None:
        hint = next((hint for pattern, hint in _HINTS if pattern.fullmatch(line)), None)
        if hint is None or "<cr>" not in hint:
            return hint
        return hint if self._rule(line) else None

    def _rule(self, line: str) -> bool:
        return any(
            rule.pattern.fullmatch(line)
            for rule in self.rules
            if not rule.modes or self.mode.name in rule.modes
        )

    def _after_hint(self, line: str, hint: str, answer: str) -> Reply:
        """Enter accepts; anything else is glued to the line."""
        whole = f"{line} {answer.strip()}".strip()
        if whole == line and "<cr>" not in hint:
            return Reply(words.caret(len(self.prompt()) + len(line), "Incomplete command"))
        ran = self._run(whole)
        return Reply(f"\n  Command:\n          {whole} \n{ran.text}", ran.seconds, ran.hang_up)

    def confirm(
        self, question: str, then: Callable[[], Reply | str], text: str = "", tries: int = 3
    ) -> Reply:
        """Ask y or n, three times at most; with `undo interactive` nothing is asked."""
        if not self.interactive:
            return as_reply(then())

        def answered(answer: str) -> Reply | str:
            said = answer.strip().lower()
            if said == "y":
                return then()
            if said in {"n", ""}:
                return ""
            if tries == 1:
                return "  Reenter times have reached the upper limit.\n"
            return self.confirm(question, then, tries=tries - 1)

        return self.ask(f"  {question} (y/n)[n]:", answered, text=text)

    def refused(self, refusal: Refusal, line: str) -> str:
        """`Failure: …`."""
        del line
        return words.refusal(refusal)

    def unknown(self, line: str) -> str:
        """A caret under the first word that fits nothing."""
        known = self._known_words(line)
        column = len(self.prompt()) + len(" ".join(line.split()[:known])) + (1 if known else 0)
        if known == 0:
            return words.caret(column, "Unknown command")
        return words.caret(column, "Incomplete command" if known == len(line.split()) else "Parameter error")

    def _known_words(self, line: str) -> int:
        """How many words of the line begin some command of this mode."""
        typed = line.split()
        best = 0
        for rule in self.rules:
            if rule.modes and self.mode.name not in rule.modes:
                continue
            head = re.match(r"[a-z0-9-]+(?:\\s\+[a-z0-9-]+)*", rule.pattern.pattern)
            heads = head[0].split(r"\s+") if head else []
            same = 0
            while same < min(len(heads), len(typed)) and heads[same] == typed[same]:
                same += 1
            if same == len(heads) or same == len(typed):
                best = max(best, same)
        return best

    # ----------------------------------------------------------------------------------------------------- modes

    def push(self, name: str, suffix: str, about: object = None) -> str:
        """Enter a mode."""
        self.stack.append(Mode(name, "{host}" + suffix, about))
        return ""

    @on("enable", "user")
    def _enable(self, _: re.Match[str]) -> str:
        return self.push("privileged", "#")

    @on("disable", "privileged")
    def _disable(self, _: re.Match[str]) -> str:
        del self.stack[1:]
        return ""

    @on("config", "privileged")
    def _config(self, _: re.Match[str]) -> str:
        return self.push("config", "(config)#")

    @on("return", "config", "board", "line", "service", "wan", "diagnose")
    def _return(self, _: re.Match[str]) -> str:
        del self.stack[2:]
        return ""

    @on("quit", "config", "board", "line", "service", "wan", "diagnose")
    def _quit_mode(self, _: re.Match[str]) -> str:
        self.stack.pop()
        return ""

    @on("quit", "user", "privileged")
    def _quit(self, _: re.Match[str]) -> Reply:
        return self.confirm(
            "Are you sure to log out?",
            lambda: Reply("  Configuration console exit, please retry to log on\n", hang_up=True),
            "  Check whether system data has been changed. Please save data before logout.\n",
        )

    @on("diagnose", "config", "privileged")
    def _diagnose(self, _: re.Match[str]) -> str:
        return self.push("diagnose", "(diagnose)%%")

    @on(r"interface (gpon|xgpon) (\d+)/(\d+)", "config", "board")
    def _interface(self, asked: re.Match[str]) -> str:
        said, frame, slot = asked[1], int(asked[2]), int(asked[3])
        board = self.olt.board(frame, slot)
        if board.technology is None or said != word(self.olt.version, board):
            return words.caret(len(self.prompt()) + len("interface "), "Parameter error")
        del self.stack[3:]
        return self.push("board", f"(config-if-{said}-{frame}/{slot})#", (frame, slot))

    # ------------------------------------------------------------------------------------------- how to speak

    @on("undo smart")
    def _undo_smart(self, _: re.Match[str]) -> str:
        self.smart = False
        return ""

    @on("smart")
    def _smart(self, _: re.Match[str]) -> str:
        self.smart = True
        return ""

    @on("undo interactive", "privileged", "config", "board")
    def _undo_interactive(self, _: re.Match[str]) -> str:
        self.interactive = False
        return ""

    @on(r"scroll(?: (\d+))?")
    def _scroll(self, asked: re.Match[str]) -> str:
        """The older generation knows it with a number only, and pages again after so many lines."""
        if asked[1] is None and self.old:
            return words.caret(len(self.prompt()) + len("scroll"), "Incomplete command")
        self.page_length = int(asked[1] or 0)
        return ""

    @on(
        r"undo idle-timeout|infoswitch cli OFF|undo alarm output all|mmi-mode (?:enable|disable|original-output)"
    )
    def _accepted(self, _: re.Match[str]) -> str:
        return ""

    def help(self, typed: str) -> str:
        """The commands of the mode, in the device's frame."""
        title = "Command of " + {"user": "user", "privileged": "privilege"}.get(
            self.mode.name, self.mode.name
        )
        heads = sorted(
            {rule.pattern.pattern.split(r"\s")[0] for rule in self.rules if self._here(rule.modes)}
        )
        known = [head for head in heads if head.isalpha() and head.startswith(typed.strip())]
        rows = "".join(f"{head:<26}<Group>{head} command group\n" for head in known)
        return f"{'-' * 45}\n  {title} Mode:\n{'-' * 45}\n{rows}"

    def _here(self, modes: tuple[str, ...]) -> bool:
        return not modes or self.mode.name in modes
