"""What looks like a secret is seen and masked; what only resembles one is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.calls.secrets import found, is_secret, masked

SEEN = [
    ("write to ann.b+c@mail.example.org, please", "an e-mail address in text"),
    ("card 4111 1111 1111 1111 expires", "a card number in text"),
    ("5500-0000-0000-0004", "a card number in text"),
    ("AKIAIOSFODNN7EXAMPLE", "a token in text"),
    ("ghp_" + "a1B2" * 9, "a token in text"),
    ("Authorization: Bearer abcdefghijklmnop1234", "a token in text"),
    ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc", "a token in text"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "a private key in text"),
    ("password = hunter2", "a password in text"),
    ("postgres://bob:pa55@db/x", "a password in text"),
]
PLAIN = [
    "4111 1111 1111 1112",  # its digits do not add up
    "0000 0000 0000 0000",
    "3.14159265358979323846",
    "call me at 12:30 @home",
    "the token of my esteem",
    "a@b",
    "passwords are hard",
    "the bearer of news",
]


@pytest.mark.parametrize(("text", "what"), SEEN)
def test_it_is_seen_and_masked(text: str, what: str) -> None:
    assert what in found({"text": text})
    clean = masked({"text": f"before {text} after"})
    assert found(clean) == ()
    assert clean["text"].startswith("before ")


@pytest.mark.parametrize("text", PLAIN)
def test_it_is_left_alone(text: str) -> None:
    assert found({"text": text}) == ()
    assert masked({"text": text}) == {"text": text}


@pytest.mark.parametrize(
    "name", ["password", "user_password", "apiKey", "API_KEY", "auth_token", "ssn", "iban", "card_pin"]
)
def test_names_that_tell(name: str) -> None:
    assert is_secret(name)
    assert found({name: "x"}) == (f"a parameter called {name}",)
    assert masked({name: "x", "n": 1}) == {name: "[secret]", "n": 1}


@pytest.mark.parametrize("name", ["text", "spin", "opinion", "passenger", "lesson", "tokenizer_name"[:4], "key"])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret(name)


@given(st.text())
def test_a_mask_hides_all_that_is_seen(text: str) -> None:
    assert found(masked({"text": text})) == ()
