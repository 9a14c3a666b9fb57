"""Servers whose certificate an authority of one's own has signed."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from promptctl.core.exchange import Failure, Output
from promptctl.core.routes import Route
from promptctl.errors import PromptctlError
from promptctl.providers.openai import OpenAIProvider
from tests.providers.test_openai import a_route, answer
from tests.providers.vendors import KEY, VENDORS, serving

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only itself vouches for; its key is beside it."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "house.pem"), "-days", "2"),
            *("-subj", "/CN=house", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "house.pem"


def asked(certificate: Path, ca_file: str | None) -> Output | Failure:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with serving(VENDORS["openai"], context) as server:
        return answer(a_route(server.base_url, ca_file=ca_file), key=KEY)


@needs_openssl
def test_a_certificate_of_ones_own_is_trusted_where_the_project_names_it(certificate: Path):
    output = asked(certificate, str(certificate))

    assert isinstance(output, Output)
    assert output.text == '{"seen": "hello"}'


@needs_openssl
def test_a_certificate_that_nobody_vouches_for_stops_the_run_with_what_to_do(certificate: Path):
    failure = asked(certificate, None)

    assert isinstance(failure, Failure)
    assert (failure.fatal, failure.sent, failure.passing) == (True, False, False)
    assert failure.message.startswith("the certificate of 127.0.0.1 is not trusted: ")
    assert "`ca_file` under [providers.local]" in failure.message


@pytest.mark.parametrize(
    ("text", "why"), [(None, "No such file"), ("", "no certificate"), ("-----BEGIN\n", "no certificate")]
)
def test_a_file_without_certificates_is_said_before_the_first_call(
    tmp_path: Path, text: str | None, why: str
):
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)

    with pytest.raises(PromptctlError) as refused:
        OpenAIProvider(at_home(str(path)), KEY).prepare()

    assert refused.value.slug == "bad-ca-file"
    assert why in refused.value.message


def at_home(ca_file: str) -> Route:
    return a_route("https://house.test/v1", ca_file=ca_file)
