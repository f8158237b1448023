import io

import pytest

from commands.main import main
from tests.commands.conftest import ALIEXPRESS, Command

TAG = "partnerTag=sandbox-20\n"


def test_credentials_are_read_from_a_pipe_and_work(command: Command) -> None:
    connected = command("connect", "AliExpress", typed=f"# of the console\n\n{ALIEXPRESS}")
    verified = command("verify")

    assert (connected.code, verified.code) == (0, 0)
    assert "AliExpress: CONNECTED." in connected.out
    assert verified.out == "AliExpress: HEALTHY.\n"
    assert "sandbox-app-secret" not in connected.out + connected.err + verified.out + verified.err


def test_what_is_missing_is_told(command: Command) -> None:
    done = command("connect", "aliexpress", typed="appKey=500100\n")

    assert done.code == 1
    assert "NOT_CONFIGURED" in done.out
    assert "Fill in" in done.out


@pytest.mark.parametrize(
    ("_case", "typed", "word"),
    [
        ("no sign", "appKey=500100\nsecret-marker\n", "Line 2"),
        ("an unknown field", "colour=secret-marker\n", "colour: "),
        ("a field twice", "appKey=1\nappKey=secret-marker\n", "appKey: "),
        ("an unusable value", "trackingId=a\nappKey=secret marker\n", "appKey: "),
    ],
)
def test_bad_lines_are_told_without_their_values(
    command: Command, _case: str, typed: str, word: str
) -> None:
    done = command("connect", "aliexpress", typed=typed)

    assert done.code == 2
    assert word in done.err
    assert "marker" not in done.err + done.out


def test_a_site_has_credentials_of_its_own(command: Command) -> None:
    command("connect", "amazon", "--locale", "www.amazon.de", typed=TAG)

    done = command("verify", "amazon", "--locale", "www.amazon.de")

    assert done.code == 1
    assert "Amazon (www.amazon.de)" in done.out


def test_refused_credentials_are_told_with_their_cure(command: Command) -> None:
    command("connect", "aliexpress", typed=ALIEXPRESS.replace("sandbox-app", "another"))

    done = command("verify", "aliexpress")

    assert done.code == 1
    assert "CREDENTIALS_REJECTED" in done.out
    assert len(done.out.splitlines()) == 2


def test_nothing_to_verify_is_told(command: Command) -> None:
    done = command("verify")

    assert done.code == 1
    assert "connect MARKETPLACE" in done.out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("database")
def test_at_a_terminal_each_field_is_asked_for_and_secrets_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden, shown = [], []
    answers = {"App key": "500100", "App secret": "sandbox-app-secret"}

    def ask_hidden(prompt: str) -> str:
        hidden.append(prompt)
        return next(value for label, value in answers.items() if prompt.startswith(label))

    def ask(prompt: str) -> str:
        shown.append(prompt)
        return "sandbox_blog"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", ask_hidden)
    monkeypatch.setattr("builtins.input", ask)

    code = main(["connect", "aliexpress"])

    assert code == 0
    assert [prompt.split(" (")[0] for prompt in hidden] == list(answers)
    assert shown == ["Tracking ID: "]
    assert "CONNECTED" in capsys.readouterr().out


@pytest.mark.usefixtures("database")
def test_giving_up_at_the_prompt_is_no_failure_to_explain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def give_up(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", give_up)

    assert main(["connect", "aliexpress"]) == 130
    assert "Stopped" in capsys.readouterr().err
