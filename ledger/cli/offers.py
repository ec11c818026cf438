"""`ledger offers` and `ledger vouchers`: what merchants give for credits, and who uses it where."""

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.cli.showing import answers, opened_ledger
from ledger.domain.limits import OFFERS_SHOWN_MAX
from ledger.projections.offers import OffersAsked, OfferView, read_offers
from ledger.vouchers import voucher_document


@click.command(short_help="List merchants' offers, with what is left of each.")
@click.option("--programme", required=True, help="Which programme.")
@click.option("--merchant", help="The only merchant; all of them when absent.")
@click.option("--participant", help="Whose limits are shown beside those of all.")
@click.option("--open", "only_open", is_flag=True, help="Leave out offers that were withdrawn.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an offer and line, for machines.")
def offers(
    *, programme: str, merchant: str | None, participant: str | None, only_open: bool, as_json: bool
) -> None:
    """List merchants' offers by their latest versions, with how many vouchers are left.

    \b
    Examples:
      ledger offers --programme chengdu --open
      ledger offers --programme chengdu --merchant cafe --json
    """  # noqa: D301 — \b keeps click from joining the lines
    found: list[OfferView] = []
    with opened_ledger() as ledger:
        asked = OffersAsked(ledger.clock(), participant, merchant, only_open)
        after: str | None = ""
        while after is not None:
            page = read_offers(ledger.database, programme, asked, after=after, limit=OFFERS_SHOWN_MAX)
            found += page.offers
            after = page.next_key
    if as_json:
        for view in found:
            click.echo(msgspec.json.encode(_document(view)))
    else:
        _show(found, with_participant=participant is not None)


@click.group()
def vouchers() -> None:
    """Show vouchers, and use them in stores."""


@vouchers.command("show", short_help="Show a voucher, with its code while it can be used.")
@click.option("--programme", required=True, help="Which programme.")
@click.argument("redemption_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as over HTTP, for machines.")
def show_voucher(*, programme: str, redemption_id: str, as_json: bool) -> None:
    """Show a voucher, with its code while it can be used.

    \b
    Example:
      ledger vouchers show --programme chengdu r-20261120-17
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        document = voucher_document(programme, ledger.vouchers.read(programme, redemption_id))
    if as_json:
        click.echo(msgspec.json.encode(document))
        return
    table = Table("", "", box=None, show_header=False)
    for name, value in document.items():
        if value is not None:
            table.add_row(name.replace("_", " "), escape(str(value)))
    answers().print(table)


@vouchers.command(short_help="Use a voucher in a store.")
@click.option("--programme", required=True, help="Which programme.")
@click.option("--store", required=True, help="Where it is used.")
@click.argument("code")
def fulfil(*, programme: str, store: str, code: str) -> None:
    """Use a voucher in a store by its code, as somebody typed or scanned it.

    It counts as used now. The answer is what the ledger recorded.

    \b
    Example:
      ledger vouchers fulfil --programme chengdu --store gate HM703-FJZP3-786PJ-1DTT3
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        used = ledger.vouchers.fulfil(programme, code=code, store_id=store, occurred_at=ledger.clock())
    click.echo(used.body)


def _document(view: OfferView) -> dict[str, object]:
    return {
        "id": view.offer.id,
        "merchant_id": view.offer.merchant_id,
        "version": view.offer.version,
        "is_open": view.offer.is_open,
        "vouchers": view.used.vouchers,
        "left": view.left._asdict(),
        "terms": msgspec.Raw(view.published.state),
    }


def _show(found: list[OfferView], *, with_participant: bool) -> None:
    numbers = ["credits", "price 分", "funds 分", "vouchers", "stock left", "month left"]
    if with_participant:
        numbers += ["own left", "own in month"]
    table = Table("offer", "merchant", "name", "version", "open", box=None)
    for name in numbers:
        table.add_column(name, justify="right")
    for view in found:
        offer, left = view.offer, view.left
        counts = [offer.credits, offer.list_price_fen, offer.face_value_fen, view.used.vouchers]
        rest = [
            left.stock,
            left.month,
            *([left.participant, left.participant_month] if with_participant else []),
        ]
        table.add_row(
            offer.id,
            offer.merchant_id,
            escape(offer.name_en),
            str(offer.version),
            "yes" if offer.is_open else "no",
            *(f"{number:,}" for number in counts),
            *("-" if number is None else f"{number:,}" for number in rest),
        )
    answers().print(table)
