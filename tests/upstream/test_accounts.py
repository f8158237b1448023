"""What is known of accounts: kept as long as it is used, forgotten when it is idle."""

from domain.exceptions import CredentialsRejected
from domain.marketplaces import AccountKey
from domain.products import Mode
from upstream.accounts import FORGET_AFTER, AccountStates


class Clock:
    """A monotonic clock that is told to go on."""

    seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def key(number: int) -> AccountKey:
    return AccountKey(f"workspace {number}", "aliexpress", "", Mode.LIVE)


def test_an_account_has_one_state() -> None:
    states = AccountStates(Clock())

    with states.use(key(1)) as one, states.use(key(1)) as again, states.use(key(2)) as other:
        assert one is again
        assert one is not other


def test_idle_accounts_leave_nothing_behind() -> None:
    clock = Clock()
    states = AccountStates(clock)
    for number in range(5000):
        with states.use(key(number)) as state:
            state.refusals.note("keys", "search", CredentialsRejected("no"))
    clock.seconds += FORGET_AFTER

    with states.use(key(1)):
        pass

    assert len(states) == 1


def test_an_account_that_is_used_or_paused_is_kept() -> None:
    clock = Clock()
    states = AccountStates(clock)
    with states.use(key(1)) as paused:
        paused.paused_until = clock.seconds + 2 * FORGET_AFTER
    with states.use(key(2)) as used:
        clock.seconds += FORGET_AFTER
        with states.use(key(3)):
            pass

        assert states.find(key(2)) is used
    assert states.find(key(1)) is paused
