"""What a request spent on marketplace calls, as `extensions.cost.upstream` tells it."""

from domain import moments
from resolvers.context import Context
from resolvers.quota import left_today

Json = dict[str, object]


async def upstream(context: Context) -> Json:
    """Calls made and saved, and what is left of the day for the accounts that were called.

    The counts of all requests add up to the calls made: one that several requests share is counted
    for the request that opened its batch, and as saved for the others. A key for everybody is not
    told what is left.
    """
    spent = context.budget
    rules = dict(spent.accounts)  # a shared call can still be paid from it meanwhile
    if context.caller.is_public:
        rules = {}
    left = await left_today(rules, context.now)
    return {
        "calls": spent.calls,
        "savedByBatching": spent.saved_by_batching,
        "savedByCache": spent.saved_by_cache,
        "leftToday": [
            {
                "marketplace": context.marketplace(account.marketplace).code.upper(),
                "calls": left[account],
                "resetsAt": moments.shown(rule.resets_at(context.now)),
            }
            for account, rule in rules.items()
        ],
    }
