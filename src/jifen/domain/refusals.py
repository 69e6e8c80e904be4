"""Every expected "no", as a tree:

Refusal
  Malformed                      the request cannot be understood
    FieldWrong                   a field has a wrong type, form or range
    SumsDiffer                   sums that must match do not
    IdempotencyKeyMissing        a write came without its key
  Unknown                        something named is not there
    MemberUnknown, StoreUnknown, PurchaseUnknown, LineUnknown, ReservationUnknown, CurrencyUnknown, RevisionUnknown,
    BacktestUnknown, EntryUnknown, LotUnknown
  Conflict                       it contradicts what is already recorded
    KeyReused                    the same key came with another body
    KeyTaken                     the card or external id belongs to another member
    MemberClosed                 the member takes no more entries
    MemberFrozen                 the member may not spend or give
    PurchaseClaimed              the receipt already belongs to a member
    ReservationOver              committed, released or lapsed
    EntryReversed                the entry was reversed before
    EntryNotReversible           entries of its kind are not reversed
    ProgramMissing               no programme is in force yet
    RevisionStale                a newer revision was published meanwhile
    BacktestUnfinished           there is no report yet, or there never will be
  NotAllowed                     the rules say no
    PointsMissing                fewer available than asked for
    ReturnExceedsPurchase        more comes back than was bought
    TimeOutOfBounds              a till's time that cannot be believed
    BacktestRefused              the history cannot answer what is asked of it
    GiftToSelf, AmountNotPositive, EffectiveInThePast, ProgramRefused
  NotPermitted                   the key may not do this
  TooMuch                        a limit on what can grow

`code` is stable. The docstring is the default message, `message_zh` its Chinese. `pointer` is a JSON pointer to the field.
Nothing here knows HTTP: `api/errors.py` has one table from code to status.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"
    message_zh: ClassVar[str] = "请求被拒绝。"

    def __init__(
        self, detail: str = "", *, pointer: str = "", **numbers: int | str | list[object] | None
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.pointer = pointer
        self.numbers = numbers

    @classmethod
    def title(cls) -> str:
        """The default message: the first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class Malformed(Refusal):
    """The request cannot be understood."""

    code = "malformed"
    message_zh = "无法理解该请求。"


class FieldWrong(Malformed):
    """A field has a wrong type, form or range."""

    code = "field_wrong"
    message_zh = "字段的类型、格式或范围不正确。"


class SumsDiffer(Malformed):
    """Sums that must match do not."""

    code = "sums_differ"
    message_zh = "应当相等的合计不相等。"


class IdempotencyKeyMissing(Malformed):
    """A write needs an Idempotency-Key of 1 to 200 printable characters."""

    code = "idempotency_key_missing"
    message_zh = "写入请求需要 1 到 200 个可打印字符的幂等键（Idempotency-Key）。"


class OutcomeUnknown(Refusal):
    """Whether it was done is not known: the connection to the database broke while it was committed. The same key finds out."""

    code = "outcome_unknown"
    message_zh = "结果未知：提交时与数据库的连接中断。请用同一幂等键再次请求以查明结果。"


class Unknown(Refusal):
    """Something that was named is not there."""

    code = "unknown"
    message_zh = "所指的对象不存在。"


class MemberUnknown(Unknown):
    """There is no such member."""

    code = "member_unknown"
    message_zh = "没有这位会员。"


class StoreUnknown(Unknown):
    """The programme has no such store."""

    code = "store_unknown"
    message_zh = "会员计划中没有这家门店。"


class PurchaseUnknown(Unknown):
    """There is no such purchase."""

    code = "purchase_unknown"
    message_zh = "没有这笔消费。"


class LineUnknown(Unknown):
    """The purchase has no such line."""

    code = "line_unknown"
    message_zh = "该消费没有这一明细行。"


class ReservationUnknown(Unknown):
    """There is no such reservation."""

    code = "reservation_unknown"
    message_zh = "没有这笔预留。"


class LotUnknown(Unknown):
    """The member has no such lot."""

    code = "lot_unknown"
    message_zh = "该会员没有这个批次。"


class EntryUnknown(Unknown):
    """The member has no such entry."""

    code = "entry_unknown"
    message_zh = "该会员没有这笔凭证。"


class CurrencyUnknown(Unknown):
    """The programme has no such currency."""

    code = "currency_unknown"
    message_zh = "会员计划中没有这种积分。"


class RevisionUnknown(Unknown):
    """There is no such revision."""

    code = "revision_unknown"
    message_zh = "没有这个版本。"


class BacktestUnknown(Unknown):
    """There is no such back-test (any more)."""

    code = "backtest_unknown"
    message_zh = "没有这次回测（或已过期清除）。"


class Conflict(Refusal):
    """The request contradicts what is already recorded."""

    code = "conflict"
    message_zh = "请求与已有记录矛盾。"


class KeyReused(Conflict):
    """The same key came before with another body."""

    code = "key_reused"
    message_zh = "同一幂等键曾用于不同的内容。"


class KeyTaken(Conflict):
    """The card number or external id belongs to another member."""

    code = "key_taken"
    message_zh = "该卡号或外部编号已属于另一位会员。"


class MemberClosed(Conflict):
    """The member is closed and takes no more entries."""

    code = "member_closed"
    message_zh = "该会员已关闭，不能再入账。"


class MemberFrozen(Conflict):
    """The member is frozen: nothing may be spent or given away until that is lifted."""

    code = "member_frozen"
    message_zh = "该会员已冻结，解除前不能消费或转赠积分。"


class PurchaseClaimed(Conflict):
    """The receipt already belongs to a member."""

    code = "purchase_claimed"
    message_zh = "该小票已归属于一位会员。"


class ReservationOver(Conflict):
    """The reservation was already committed, released or has lapsed."""

    code = "reservation_over"
    message_zh = "该预留已提交、已释放或已失效。"


class MergeIntoSelf(Refusal):
    """A member cannot be merged into himself."""

    code = "merge_into_self"
    message_zh = "会员不能并入自己。"


class UnitsReserved(Conflict):
    """Units of the member are promised to a reservation: commit or release it first, or wait until it lapses."""

    code = "units_reserved"
    message_zh = "该会员有积分被预留：请先提交或释放预留，或等待其失效。"


class EntryReversed(Conflict):
    """The entry was reversed before."""

    code = "entry_reversed"
    message_zh = "该凭证已冲正。"


class EntryNotReversible(Conflict):
    """The entry is not reversed: a purchase is returned or voided, a reservation released, what was forgiven since adjusted."""

    code = "entry_not_reversible"
    message_zh = "该凭证不能冲正：消费请退货或撤销，预留请释放，已被免除的积分请手工调整。"


class ProgramMissing(Conflict):
    """No programme is in force at that moment: jifen init --at MOMENT begins one, jifen program apply FILE publishes one."""

    code = "program_missing"
    message_zh = "当时没有生效的会员计划：用 jifen init --at 时刻 新建，或用 jifen program apply 文件 发布。"


class RevisionStale(Conflict):
    """A newer revision was published meanwhile; plan again."""

    code = "revision_stale"
    message_zh = "期间已发布新版本，请重新规划。"


class BacktestUnfinished(Conflict):
    """The back-test has no report: it is not done, or it failed or was cancelled."""

    code = "backtest_unfinished"
    message_zh = "该回测没有报告：尚未完成，或已失败、已取消。"


class NotAllowed(Refusal):
    """The rules do not allow it."""

    code = "not_allowed"
    message_zh = "规则不允许。"


class PointsMissing(NotAllowed):
    """The member has fewer available units than that."""

    code = "points_missing"
    message_zh = "可用积分不足。"


class ReturnExceedsPurchase(NotAllowed):
    """More would come back than was bought."""

    code = "return_exceeds_purchase"
    message_zh = "退货数量超过购买数量。"


class TimeOutOfBounds(NotAllowed):
    """The time cannot be believed: it lies in the future or before the acceptance horizon."""

    code = "time_out_of_bounds"
    message_zh = "时间不可信：在未来，或早于可接受的期限。"


class GiftToSelf(NotAllowed):
    """A member cannot give to himself."""

    code = "gift_to_self"
    message_zh = "不能转赠给自己。"


class EffectiveInThePast(NotAllowed):
    """A revision cannot take effect in the past."""

    code = "effective_in_the_past"
    message_zh = "版本不能在过去生效。"


class ProgramRefused(NotAllowed):
    """The programme document is refused."""

    code = "program_refused"
    message_zh = "会员计划文档未通过校验。"


class BacktestRefused(NotAllowed):
    """The history cannot answer what this back-test asks."""

    code = "backtest_refused"
    message_zh = "现有历史无法回答该回测的问题。"


class NotPermitted(Refusal):
    """The key may not do this."""

    code = "not_permitted"
    message_zh = "该密钥无此权限。"


class NotAuthenticated(Refusal):
    """A valid key is missing."""

    code = "not_authenticated"
    message_zh = "缺少有效密钥。"


class TooMuch(Refusal):
    """More was sent than a limit allows."""

    code = "too_much"
    message_zh = "超出上限。"


def all_refusals() -> list[type[Refusal]]:
    """Every class of the tree, the root first."""
    found: list[type[Refusal]] = [Refusal]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found
