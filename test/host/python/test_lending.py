"""S3 credentials that users are lent."""
import json
import os
import stat
import time
import unittest
from pathlib import Path
from typing import Any

from support import HostCase, document, environment
from gpudev_host import lending
from gpudev_host.aws.client import _lent
from gpudev_host.document import Document, canonical, parse
from gpudev_host.errors import HostError, Refused

ROLE = "arn:aws:iam::111122223333:role/gpudev-data"
LENDING = {"credentials": {"roleArn": ROLE}}


def parsed(*users: str, **changes: Any) -> Document:
    people = [environment(user, slot) for slot, user in enumerate(users)]
    return parse(canonical(document(people, **{**LENDING, **changes})), "host-0")


class Lending(HostCase):
    def place(self, user: str) -> Path:
        return self.root / "run/gpudev/credentials" / user

    def lent(self, user: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.place(user) / "credentials.json").read_text())
        return value

    def lend(self, *users: str, **more: Any) -> list[str]:
        return lending.lend(self.config.paths, parsed(*users), self.host.aws, **more)

    def test_each_user_gets_own_ones_as_an_sdk_reads_them(self) -> None:
        self.assertEqual(self.lend("alice", "bob"), [])
        alice = self.lent("alice")
        self.assertEqual(sorted(alice), ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"])
        self.assertEqual([alice["Version"], alice["AccessKeyId"]], [1, "ASIALENT1"])
        self.assertEqual(self.lent("bob")["SecretAccessKey"], "lent-secret-2")

    def test_whose_they_are_stands_in_the_sessions_name_and_tag(self) -> None:
        self.lend("alice")
        self.assertEqual(
            self.aws.lent,
            [
                {
                    "Action": "AssumeRole",
                    "Version": "2011-06-15",
                    "RoleArn": ROLE,
                    "RoleSessionName": "gpudev-alice",
                    "DurationSeconds": "3600",
                    "Tags.member.1.Key": "gpudev:user",
                    "Tags.member.1.Value": "alice",
                }
            ],
        )

    def test_the_folder_is_the_users_alone_and_in_memory(self) -> None:
        self.lend("alice")
        found = self.place("alice").stat()
        self.assertEqual([stat.S_IMODE(found.st_mode), found.st_uid], [0o700, os.getuid() or 1000])
        self.assertTrue(str(self.config.paths.credentials).startswith(str(self.root / "run/")))

    def test_the_configuration_names_the_file_and_holds_no_secret(self) -> None:
        self.lend("alice")
        text = (self.place("alice") / "config").read_text()
        self.assertIn("region = eu-west-1\ncredential_process = /bin/cat /etc/gpudev/aws/credentials.json\n", text)
        self.assertNotIn("lent-", text)

    def test_they_are_renewed_once_half_an_hour_is_left_and_not_before(self) -> None:
        start = time.time()
        self.lend("alice")
        for later, count in ((60, 1), (1700, 1), (1810, 2)):
            self.lend("alice", clock=lambda later=later: start + later)
            self.assertEqual(len(self.aws.lent), count, later)

    def test_a_file_that_was_cut_off_is_written_anew(self) -> None:
        self.lend("alice")
        (self.place("alice") / "credentials.json").write_text('{"Version"')
        self.lend("alice")
        self.assertEqual(self.lent("alice")["AccessKeyId"], "ASIALENT2")

    def test_a_role_that_does_not_hold_yet_is_asked_again(self) -> None:
        self.aws.refusals = 2
        pauses: list[float] = []
        self.assertEqual(self.lend("alice", patience=60, sleep=pauses.append), [])
        self.assertEqual(len(pauses), 2)

    def test_what_cannot_be_lent_is_told_by_user_and_keeps_nobody_else_from_theirs(self) -> None:
        self.aws.refusals = 1
        self.assertEqual(
            self.lend("alice", "bob"),
            ["alice could not be lent S3 credentials: AssumeRole failed: HTTP 403 AccessDenied"],
        )
        self.assertEqual(self.lent("bob")["Version"], 1)

    def test_an_answer_without_credentials_is_told(self) -> None:
        for body in (b"", b"<html></html>", b"<r><Credentials><AccessKeyId>A</AccessKeyId></Credentials></r>"):
            with self.assertRaises(HostError):
                _lent(body)

    def test_a_leaver_and_a_document_without_them_take_them_away(self) -> None:
        self.lend("alice", "bob")
        self.lend("alice")
        self.assertFalse(self.place("bob").exists())
        lending.prepare(self.config.paths, parsed("alice", credentials=None))
        self.assertFalse(self.place("alice").exists())

    def test_a_host_that_takes_in_its_document_lends(self) -> None:
        self.put_document(document([environment("alice", 0)], **LENDING))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(self.lent("alice")["AccessKeyId"], "ASIALENT1")
        everything = [file for file in (self.root / "var").rglob("*") if file.is_file()]
        self.assertEqual([file for file in everything if b"lent-secret" in file.read_bytes()], [])

    def test_without_the_role_nothing_is_asked(self) -> None:
        self.put_document(document([environment("alice", 0)]))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(self.aws.lent, [])

    def test_what_is_no_role_is_refused(self) -> None:
        for role in ("arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:user/x", "x"):
            with self.assertRaisesRegex(Refused, "credentials.roleArn"):
                parsed("alice", credentials={"roleArn": role})


if __name__ == "__main__":
    unittest.main()
