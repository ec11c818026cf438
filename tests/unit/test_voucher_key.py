"""The key of an embedded database's vouchers, and the settings that name one."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import config
from ledger.domain import errors, limits
from ledger.server.voucher_key import kept_voucher_key, voucher_key_file
from ledger.vouchers import VoucherKeys, keys_of

KEY, OTHER = "5f" * 32, "A0" * 32


def test_a_key_is_made_once_and_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    settings = replace(config.load({}), data_dir=tmp_path / "var")
    first = kept_voucher_key(settings)
    assert config.VOUCHER_KEY.fullmatch(first)
    assert kept_voucher_key(settings) == first
    assert voucher_key_file(settings).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["voucher.key"]


def test_of_several_who_make_it_at_once_all_get_the_same(tmp_path: Path) -> None:
    settings = replace(config.load({}), data_dir=tmp_path)
    together, made = threading.Barrier(8), []

    def make() -> None:
        together.wait(10)
        made.append(kept_voucher_key(settings))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_keys_are_read_in_small_letters_the_current_one_first() -> None:
    settings = config.load({"LEDGER_VOUCHER_KEY": OTHER, "LEDGER_VOUCHER_KEYS_BEFORE": f"{KEY},{OTHER}"})
    assert keys_of(settings) == VoucherKeys(OTHER.lower(), (KEY, OTHER.lower()))
    assert keys_of(config.load({})) == VoucherKeys(None, ())
    passed_on = config.environment(settings)
    assert config.load(passed_on).voucher_keys_before == settings.voucher_keys_before


def test_as_many_keys_as_may_be_are_read_and_no_more() -> None:
    name = "LEDGER_VOUCHER_KEYS_BEFORE"
    most = ",".join([KEY] * limits.VOUCHER_KEYS_BEFORE_MAX)
    assert config.load({name: most}).voucher_keys_before == most
    with pytest.raises(errors.SettingInvalid) as refused:
        config.load({name: f"{most},{KEY}"})
    assert refused.value.value == "(not shown)"


@pytest.mark.parametrize("text", [KEY[1:], f"{KEY}0", f"g{KEY[1:]}", f"{KEY},{KEY}", f" {KEY}"])
def test_a_key_is_64_hexadecimal_digits_and_never_shown(text: str) -> None:
    with pytest.raises(errors.SettingInvalid) as refused:
        config.load({"LEDGER_VOUCHER_KEY": text})
    assert text not in str(refused.value)
