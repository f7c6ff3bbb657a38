"""Signatures against AWS's published examples."""
import calendar
import time
import unittest

import support  # noqa: F401
from gpudev_host.aws.sigv4 import Credentials, object_path, sign


def at(text: str) -> float:
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))


class S3Examples(unittest.TestCase):
    """Amazon S3 API reference, "Signature calculations ... in the authorization header"."""

    keys = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    now = at("20130524T000000Z")

    def signature(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> str:
        signed = sign(method, url, headers, body, self.keys, "us-east-1", "s3", self.now)
        return signed["authorization"].split("Signature=")[1]

    def test_get_object(self) -> None:
        found = self.signature("GET", "https://examplebucket.s3.amazonaws.com/test.txt", {"Range": "bytes=0-9"})
        self.assertEqual(found, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")

    def test_put_object(self) -> None:
        url = "https://examplebucket.s3.amazonaws.com" + object_path("test$file.text")
        headers = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
        found = self.signature("PUT", url, headers, b"Welcome to Amazon S3.")
        self.assertEqual(found, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")

    def test_get_lifecycle(self) -> None:
        found = self.signature("GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", {})
        self.assertEqual(found, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")

    def test_list(self) -> None:
        found = self.signature("GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", {})
        self.assertEqual(found, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


class TestSuite(unittest.TestCase):
    """AWS Signature Version 4 test suite."""

    keys = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    def test_vectors(self) -> None:
        for name, method, url, expected in (
            ("get-vanilla", "GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "get-vanilla-query-order-key-case",
                "GET",
                "https://example.amazonaws.com/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            ("post-vanilla", "POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ):
            with self.subTest(name):
                signed = sign(method, url, {}, b"", self.keys, "us-east-1", "service", at("20150830T123600Z"))
                self.assertEqual(signed["authorization"].split("Signature=")[1], expected)

    def test_session_token_is_signed(self) -> None:
        keys = Credentials("AKIDEXAMPLE", "secret", "token")
        signed = sign("GET", "https://example.amazonaws.com/", {}, b"", keys, "us-east-1", "service", 0)
        self.assertEqual(signed["x-amz-security-token"], "token")
        self.assertIn("SignedHeaders=host;x-amz-date;x-amz-security-token", signed["authorization"])

    def test_secrets_do_not_print(self) -> None:
        self.assertNotIn("hidden", repr(Credentials("AKIDEXAMPLE", "hidden", "hidden")))
