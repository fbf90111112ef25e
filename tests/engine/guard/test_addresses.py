"""A stranger's URL reaches nothing but public hosts with proper names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.guard.addresses import Refused, Unreachable, host_of, is_public, permit
from engine.guard.limits import SourcePolicy

POLICY = SourcePolicy()

EVIL = [
    # names of this machine, and names without a domain
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost:8080/",
    "https://localhost./",
    "https://minio/",
    "https://metadata/",
    # this machine in every spelling
    "https://127.0.0.1/",
    "https://127.0.0.1:22/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0X7F.1/",
    "https://127.0.0.0x1/",
    "https://0x/",
    "https://127.0.0.0x/",
    "https://00127.00.00.01/",
    "https://127.0.0.1.2/",
    "https://256.256.256.256/",
    "https://1.2.3.4294967295/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[::1",
    "https://::1/",
    "https://[v1.x]/",
    # networks within
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://[fd00:ec2::254]/",
    # a public address is no name either
    "https://93.184.215.14/",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
    # digits, letters and dots of other scripts: circled, full-width, ideographic, Arabic
    "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
    "https://127\u30020\u30020\u30021/",
    "https://127\uff0e0\uff0e0\uff0e1/",
    "https://127\uff610\uff610\uff611/",
    "https://\u24dbocalhost/",
    "https://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
    "https://\u0661\u0662\u0667.\u0660.\u0660.\u0661/",
    "https://exam\u00adple.com/",
    "https://exam\u200bple.com/",
    "https://example.com\u2100@127.0.0.1/",
    # escapes in the host
    "https://127%2e0%2e0%2e1/",
    "https://%31%32%37.0.0.1/",
    "https://local%68ost/",
    "https://example.com%00.evil.com/",
    "https://example.com%2f@evil.com/",
    # a name, a password, and what looks like them
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://:@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com%40127.0.0.1@localhost/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1?@example.com/",
    "https://127.0.0.1/@example.com/",
    "https://127.0.0.1#.example.com",
    # slashes that only some parsers take for slashes
    r"https://example.com\@127.0.0.1/",
    r"https://127.0.0.1\@example.com/",
    r"https://example.com\.evil.com/",
    r"https:\\example.com/",
    r"https:/\example.com/",
    "https:/example.com/",
    "https:example.com",
    "https:///example.com/",
    "https:////example.com/",
    "https://",
    "https:///",
    "https://?x",
    "//example.com/",
    "///etc/passwd",
    # other schemes
    "http://example.com/",
    "HTTP://example.com/",
    "ftp://example.com/x.png",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "gopher://example.com/_x",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "jar:https://example.com!/",
    "url:https://example.com/",
    "ws://example.com/",
    "unix:///run/docker.sock",
    "https+unix://example.com/",
    # control characters, and a second request in the first
    "https://example.com/\r\nX-Evil: 1",
    "https://example.com\r\n.evil.com/",
    "https://exam\tple.com/",
    "https://example.com/\0",
    "https://example.com\x7f/",
    "\nhttps://127.0.0.1/",
    " https://127.0.0.1/",
    "https:// 127.0.0.1/",
    "https://127.0.0.1 /",
    # hosts and ports that are none
    "https://example.com./",
    "https://.example.com/",
    "https://example..com/",
    "https://example.com../",
    "https://-example.com/",
    "https://example-.com/",
    "https://exa mple.com/",
    "https://*.example.com/",
    "https://example.com:99999/",
    "https://example.com:-1/",
    "https://example.com:80:80/",
    "https://example.com:x/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
    "https://example.com/" + "a" * 10_000,
    "https://example.com/\ud800",
    "https://\ud800.com/",
]


@pytest.mark.parametrize("url", EVIL, ids=ascii)
def test_evil_urls_are_refused(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        permit(url, POLICY)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com/cat.jpg", "example.com"),
        ("HTTPS://EXAMPLE.com/cat.jpg", "example.com"),
        ("https://example.com", "example.com"),
        ("https://@example.com/", "example.com"),
        ("https://example.com:8443/my cat.jpg?size=1@2#top", "example.com"),
        ("https://example.com/a\\b", "example.com"),
        ("https://bücher.example.com/", "xn--bcher-kva.example.com"),
        ("https://my_bucket.s3.eu-west-1.amazonaws.com/x", "my_bucket.s3.eu-west-1.amazonaws.com"),
        ("https://127.0.0.1.nip.io/", "127.0.0.1.nip.io"),
        ("https://1and1.com/", "1and1.com"),
        ("https://0x7f.com/", "0x7f.com"),
    ],
)
def test_proper_urls_are_permitted(url: str, host: str) -> None:
    assert host_of(permit(url, POLICY)) == host


def test_http_is_permitted_where_the_operator_says_so() -> None:
    assert permit("http://example.com/", SourcePolicy(allow_http=True)).scheme == "http"
    with pytest.raises(Refused, match="neither https nor http"):
        permit("ftp://example.com/", SourcePolicy(allow_http=True))


@pytest.mark.parametrize("host", ["localhost", "minio:9000", "127.0.0.1", "2130706433", "[::1]", "0x7f.1"])
def test_bare_hosts_are_permitted_where_the_operator_says_so(host: str) -> None:
    assert permit(f"https://{host}/", SourcePolicy(allow_hosts_without_fqdn=True)).scheme == "https"


@pytest.mark.parametrize("host", ["localhost.", "a..b", "%31", "-x", "[::1"])
def test_what_is_no_host_is_refused_even_then(host: str) -> None:
    with pytest.raises(Unreachable):
        permit(f"https://{host}/", SourcePolicy(allow_hosts_without_fqdn=True))


@pytest.mark.parametrize(
    ("url", "allowed", "denied", "permitted"),
    [
        ("https://images.example.com/", None, (), True),
        ("https://images.example.com/", ("images.example.com",), (), True),
        ("https://IMAGES.example.COM:444/", ("images.example.com",), (), True),
        ("https://images.example.com/", ("Images.Example.com",), (), True),
        ("https://images.example.com/", ("example.com",), (), False),
        ("https://images.example.com.evil.com/", ("images.example.com",), (), False),
        ("https://images.example.com/", (), (), False),
        ("https://images.example.com/", None, ("images.example.com",), False),
        ("https://images.example.com/", None, ("IMAGES.EXAMPLE.COM",), False),
        ("https://images.example.com/", None, ("example.com",), True),
        ("https://images.example.com/", ("images.example.com",), ("images.example.com",), False),
        ("https://bücher.example.com/", None, ("bücher.example.com",), False),
        ("https://xn--bcher-kva.example.com/", None, ("bücher.example.com",), False),
        ("https://bücher.example.com/", ("xn--bcher-kva.example.com",), (), True),
        ("https://images.example.com/", None, ("[::1", "①②"), True),
    ],
)
def test_lists_of_hosts(url: str, allowed: tuple[str, ...] | None, denied: tuple[str, ...], permitted: bool) -> None:
    policy = SourcePolicy(allowed_hosts=None if allowed is None else frozenset(allowed), denied_hosts=frozenset(denied))
    if permitted:
        permit(url, policy)
    else:
        with pytest.raises(Refused, match="hosts that this server"):
            permit(url, policy)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b.png", "https://example.com/b.png"),
        ("b.png", "https://example.com/a/b.png"),
        ("?x=1", "https://example.com/a/?x=1"),
        ("//other.example.com/b.png", "https://other.example.com/b.png"),
        ("https://other.example.com/b.png", "https://other.example.com/b.png"),
    ],
)
def test_redirects_are_relative_to_where_they_come_from(location: str, url: str) -> None:
    assert str(permit(location, POLICY, base=permit("https://example.com/a/", POLICY))) == url


@pytest.mark.parametrize(
    "location",
    [
        "//localhost/",
        "//127.0.0.1/",
        "https://user@example.com/",
        "//user@example.com/",
        r"//example.com\@evil.com/",
        "file:///etc/passwd",
        "http://example.com/",
        "https://[::1",
        "//169.254.169.254/",
        "\ud800",
    ],
    ids=ascii,
)
def test_redirects_obey_every_rule(location: str) -> None:
    with pytest.raises(Unreachable):
        permit(location, POLICY, base=permit("https://example.com/a/", POLICY))


def test_redirects_never_leave_https() -> None:
    policy = SourcePolicy(allow_http=True)
    base = permit("https://example.com/", policy)
    with pytest.raises(Refused, match="from https to http"):
        permit("http://example.com/", policy, base=base)
    assert permit("https://example.com/", policy, base=permit("http://example.com/", policy)).scheme == "https"


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_other_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@given(some.text(max_size=60), some.sampled_from(["", "https://", "https://example.com", "//", "https://["]))
def test_any_text_is_permitted_or_refused(text: str, start: str) -> None:
    base = permit("https://example.com/", POLICY)
    for origin in (None, base):
        try:
            url = permit(start + text, POLICY, base=origin)
        except Unreachable:
            continue
        assert url.scheme == "https"
        assert "." in host_of(url)
        assert not url.userinfo
