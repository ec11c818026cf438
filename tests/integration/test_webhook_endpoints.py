"""Where messages go: only to whom they may, however the address is written or looked up."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.errors import WebhookUrlNotAllowed
from ledger.domain.limits import WEBHOOK_URL_CHARS_MAX
from ledger.webhooks.endpoints import AddressNotAllowed, addresses_of, endpoint_of, is_public
from ledger.webhooks.sending import Sender
from tests.integration.webhook_receiver import Receiver

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "198.18.0.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
]
PUBLIC = ["1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_of_a_private_network_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example/hook", "https://"),
        ("ftp://shop.example/hook", "https://"),
        ("//shop.example/hook", "https://"),
        ("shop.example", "https://"),
        ("https://user:pass@shop.example/", "no user"),
        ("https://shop.example@10.0.0.1/", "no user"),
        ("https://shop.example/#part", "no fragment"),
        ("https://shop.example:0/", "port 0"),
        ("https://shop.example:70000/", "not an address"),
        ("https://shop.example:x/", "not an address"),
        ("https:///hook", "a host"),
        ("https://-shop.example/", "a host"),
        ("https://shop.example./", "a host"),
        ("https://[::1/", "not an address"),
        ("https://shop.example\\@10.0.0.1/", "plain"),
        ("https://shop.example/a b", "plain"),
        ("https://shop.example/\n", "plain"),
        ("https://shop.example/\0", "plain"),
        ("https://茶.example/", "plain"),
        ("https://shop.example/".ljust(WEBHOOK_URL_CHARS_MAX + 1, "a"), "plain"),
        *((f"https://{f'[{text}]' if ':' in text else text}/", "private network") for text in PRIVATE),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(WebhookUrlNotAllowed) as refused:
        endpoint_of(url, private=False)
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "header"),
    [
        ("https://Shop.Example", "shop.example", 443, "/", "shop.example"),
        ("https://shop.example:8443/a/b?c=d&e", "shop.example", 8443, "/a/b?c=d&e", "shop.example:8443"),
        ("https://shop.example?x", "shop.example", 443, "/?x", "shop.example"),
        ("https://[2606:4700:4700::1111]:1/", "2606:4700:4700::1111", 1, "/", "[2606:4700:4700::1111]:1"),
        ("https://shop.example/".ljust(WEBHOOK_URL_CHARS_MAX, "a"), "shop.example", 443, None, None),
    ],
)
def test_a_good_address_is_read(url: str, host: str, port: int, target: Any, header: Any) -> None:
    endpoint = endpoint_of(url, private=False)
    assert (endpoint.host, endpoint.port) == (host, port)
    assert endpoint.target == (target or endpoint.target)
    assert endpoint.host_header == (header or endpoint.host_header)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1"])
def test_a_name_that_stands_for_a_private_address_is_refused_when_it_is_looked_up(host: str) -> None:
    endpoint = endpoint_of(f"https://{host}/", private=False)
    with pytest.raises(AddressNotAllowed):
        addresses_of(endpoint, private=False)


def test_one_private_address_among_several_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    endpoint = endpoint_of("https://shop.example/", private=False)
    assert addresses_of(endpoint, private=True) == ["1.1.1.1", "10.0.0.1"]
    with pytest.raises(AddressNotAllowed):
        addresses_of(endpoint, private=False)


def test_nothing_is_connected_where_it_may_not_be() -> None:
    with Receiver() as receiver, Sender(private=False).receiver(f"https://localhost:{receiver.port}/") as to:
        outcome = to.post(b"{}", {})
        assert outcome.error == "the host's name stands for an address of a private network"
    with Receiver() as receiver, Sender(private=False).receiver(receiver.url()) as to:
        assert to.post(b"{}", {}).error == "the address must begin with https://"
    assert receiver.received == []


def test_a_name_that_nobody_has_is_a_failure() -> None:
    with Sender(private=True).receiver("https://nobody.invalid/") as to:
        assert to.post(b"{}", {}).error == "the host's name cannot be looked up"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subprocess.run(
        [
            *command.split(),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", path, "-out", path.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


class TestTls:
    """A receiver with a certificate for one name, which a test believes."""

    @pytest.fixture
    def receiver(self, certificate: Path) -> Iterator[Receiver]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        receiver = Receiver()
        receiver.speak_tls(context)
        with receiver:
            yield receiver

    @pytest.fixture
    def sender(self, certificate: Path) -> Sender:
        return Sender(private=True, tls=ssl.create_default_context(cafile=str(certificate)))

    def test_a_receiver_that_has_the_name_is_spoken_to(self, receiver: Receiver, sender: Sender) -> None:
        with sender.receiver(receiver.url(host="localhost")) as to:
            assert all(to.post(b"{}", {"webhook-id": "x"}).is_delivered for _ in range(3))
        assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"

    def test_a_receiver_that_has_another_name_is_told_nothing(
        self, receiver: Receiver, sender: Sender
    ) -> None:
        with sender.receiver(receiver.url(host="127.0.0.1")) as to:
            assert to.post(b"{}", {}).error.startswith("TLS failed: ")
        assert receiver.received == []

    def test_a_receiver_whom_nobody_vouches_for_is_told_nothing(self, receiver: Receiver) -> None:
        with Sender(private=True).receiver(receiver.url(host="localhost")) as to:
            assert to.post(b"{}", {}).error == "TLS failed: CERTIFICATE_VERIFY_FAILED"
        assert receiver.received == []

    def test_a_receiver_that_never_says_hello_is_cut_off(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            sender = Sender(private=True, request_s_max=0.3)
            with sender.receiver(f"https://127.0.0.1:{silent.getsockname()[1]}/") as to:
                assert to.post(b"{}", {}).error == "no answer within 0.3 seconds"
