"""A workspace as a whole, with whatever is its own: renamed and deleted.

What a request stores that was let in before, and ends only after, stays under the old name, which
nobody can reach: a workspace that is made by that name begins with `clear`.
"""

from tortoise.models import Model

from db import encryption, models, quota, statements
from db.availability import resilient
from db.keys import KeyProvider
from domain.exceptions import InvalidInput
from domain.workspaces import WorkspaceContents

OWNED = tuple(
    each
    for each in vars(models).values()
    if isinstance(each, type)
    and issubclass(each, Model)
    and "workspace_id" in each._meta.fields_map
)


@resilient
async def contents(name: str) -> WorkspaceContents:
    """What is lost with the workspace."""
    return WorkspaceContents(
        products=await models.Product.filter(workspace_id=name, deleted_at=None).count(),
        links=await models.AffiliateLink.filter(workspace_id=name).count(),
        accounts=await models.MarketplaceAccount.filter(workspace_id=name).count(),
        api_keys=await models.APIKey.filter(workspace_id=name).count(),
        watches=await models.Watch.filter(workspace_id=name).count(),
        webhooks=await models.Webhook.filter(workspace_id=name).count(),
        jobs=await models.Job.filter(workspace_id=name).count(),
    )


@resilient
async def rename(name: str, new: str, keyring: KeyProvider) -> None:
    """Give the workspace another name: all of it, or nothing. Its credentials are sealed anew.

    Nothing happens when it is not there. Raises InvalidInput when the new name is taken,
    EncryptionError when a credential does not open.
    """
    async with statements.transaction():
        old = await models.Workspace.filter(id=name).select_for_update().first()
        if old is None:
            return
        _, is_new = await models.Workspace.get_or_create(
            id=new, defaults={"created_at": old.created_at}
        )
        if not is_new:
            raise InvalidInput(f"There is a workspace {new} already.")
        await _clear(new)
        await encryption.move(keyring, name, new)
        for model in OWNED:
            await model.filter(workspace_id=name).update(workspace_id=new)
        await old.delete()


@resilient
async def delete(name: str) -> None:
    """Delete the workspace with everything in it; nothing happens when it is not there.

    Calls that a marketplace counts for an app key stay counted: others may use that key too.
    """
    async with statements.transaction():
        await models.Workspace.filter(id=name).select_for_update().first()
        await _clear(name)
        await models.Workspace.filter(id=name).delete()
    if not statements.is_postgres():  # sealed credentials leave the journal too
        await statements.rows("PRAGMA wal_checkpoint(TRUNCATE)")


@resilient
async def clear(name: str) -> None:
    """Delete what stands under the name, but not the workspace."""
    async with statements.transaction():
        await _clear(name)


async def _clear(name: str) -> None:
    keys = await models.APIKey.filter(workspace_id=name).values_list("id", flat=True)
    await quota.forget_keys([str(key) for key in keys])
    for model in OWNED:
        await model.filter(workspace_id=name).delete()
