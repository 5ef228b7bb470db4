"""A certificate authority for one test run, and certificates of it: for 127.0.0.1, and for clients."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.x509.oid import NameOID

from dev.kafka_config import Certificate

LIFE = datetime.timedelta(days=2)


def _name(text: str, organization: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, text)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _unsigned(subject: x509.Name, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


class Authority:
    """A certificate authority of its own; `pem` is its certificate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = "acende test authority"
        own = (
            _unsigned(_name(name), name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self._issuer, self.pem = name, _pem(own)

    def issue(self, name: str, *, organization: str | None = None) -> Certificate:
        """A fresh certificate for a server on this machine or for a client, valid for two days.

        Strict enough for Python 3.13, which checks the extensions of RFC 5280.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        leaf = (
            _unsigned(_name(name, organization), self._issuer, key)
            .add_extension(names, critical=False)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Certificate(key=_key_pem(key), chain=_pem(leaf), authority=self.pem)


def localhost_certificate() -> Certificate:
    """A fresh certificate for 127.0.0.1 and localhost, by an authority of its own."""
    return Authority().issue("localhost")


def java_truststore(authorities: Path, password: str) -> bytes:
    """The authorities of a PEM file as a PKCS #12 file that Java reads."""
    known = x509.load_pem_x509_certificates(authorities.read_bytes())
    entries = [PKCS12Certificate(certificate, b"%d" % number) for number, certificate in enumerate(known)]
    return serialize_java_truststore(entries, serialization.BestAvailableEncryption(password.encode()))
