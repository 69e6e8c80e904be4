"""Read the audit: look for acts, walk through all of them, hold them to their seals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from jifen.domain.audit import Act, AuditRow, Deed
from jifen.domain.principal import Principal
from jifen.store.audit import AuditQuery, note_act, read_audit, walk_audit
from jifen.store.audit_checks import AUDIT_CHECKS
from jifen.store.audit_seals import Seal, count_sealed, has_seal, newest_seal
from jifen.store.laws import Finding, findings_of_checks
from jifen.store.ledger import Ledger

PAGE_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """Whether the audit is as it was sealed.

    Shape
        findings       what is not, each with its first offenders
        rows           how many there are, and how many of them are `sealed`; the rest is sealed within seconds, by whoever serves
        is_expected    the seal that was asked for is in the chain; None: none was
    """

    findings: tuple[Finding, ...]
    rows: int
    sealed: int
    newest: Seal | None
    is_expected: bool | None

    @property
    def is_kept(self) -> bool:
        """Whether nothing was changed, deleted or slipped in."""
        return not self.findings and self.is_expected is not False


async def look_into_audit(
    ledger: Ledger, query: AuditQuery, *, before: UUID | None, limit: int
) -> tuple[list[AuditRow], UUID | None]:
    """A page of acts, newest first, and where the next one begins; None: there is none."""
    async with ledger.reading() as connection:
        rows = await read_audit(connection, query, before=before, limit=limit + 1)
    return rows[:limit], rows[limit - 1].audit_id if len(rows) > limit else None


async def export_audit(
    ledger: Ledger, query: AuditQuery, take: Callable[[AuditRow], None], *, principal: Principal
) -> int:
    """Give `take` every act, oldest first, as of one moment; how many. That it was exported is written down first."""
    async with ledger.transaction() as connection:
        await note_act(connection, principal, Act(deed=Deed.AUDIT_READ))
    exported = 0
    async with ledger.reading() as connection:
        async for row in walk_audit(connection, query):
            take(row)
            exported += 1
    return exported


async def note_taken(ledger: Ledger, *, principal: Principal) -> UUID:
    """Write down that the audit is taken along as a file; the row of that, before which everything in the file stands."""
    async with ledger.transaction() as connection:
        return await note_act(connection, principal, Act(deed=Deed.AUDIT_READ))


async def verify_audit(ledger: Ledger, *, expect: bytes | None = None) -> AuditVerdict:
    """The verdict on the audit. `expect` is the hash of a seal that was kept elsewhere: it has to be in the chain still."""
    async with ledger.reading() as connection:
        findings = await findings_of_checks(connection, 4, AUDIT_CHECKS)
        rows, sealed = await count_sealed(connection)
        newest = await newest_seal(connection)
        is_expected = None if expect is None else await has_seal(connection, expect)
    return AuditVerdict(
        findings=tuple(findings), rows=rows, sealed=sealed, newest=newest, is_expected=is_expected
    )
