"""A leaver's home is deleted by the host itself, and nobody else's is."""
from __future__ import annotations

import io
from contextlib import redirect_stdout

from support import HostCase, document, environment

from gpudev_host.cli import _forget


class Forget(HostCase):
    def setUp(self) -> None:
        super().setUp()
        for users in (["ada", "bob"], ["ada"]):
            self.put_document(document([environment(user, slot) for slot, user in enumerate(users)]))
            self.sync()
        for user in ("ada", "bob"):
            (self.home(user) / "work.txt").write_text(user)

    def forget(self, user: str) -> tuple[int, str]:
        said = io.StringIO()
        with redirect_stdout(said):
            status = _forget(self.host, user)
        return status, said.getvalue()

    def test_deletes_the_home_of_somebody_who_has_left(self) -> None:
        self.assertEqual(self.forget("bob"), (0, "the home of bob is deleted\n"))
        self.assertFalse(self.home("bob").exists())
        self.assertEqual((self.home("ada") / "work.txt").read_text(), "ada")
        self.assertEqual(self.forget("bob"), (0, "bob has no home here\n"))

    def test_leaves_the_home_of_a_user(self) -> None:
        status, said = self.forget("ada")
        self.assertEqual((status, "in use" in said), (1, True))
        self.assertTrue((self.home("ada") / "work.txt").exists())

    def test_refuses_what_is_no_name(self) -> None:
        for name in ("..", ".", "../ada", ".gpudev", ""):
            self.assertEqual(self.forget(name)[0], 1, name)
        self.assertTrue((self.home("bob") / "work.txt").exists())

    def test_follows_no_link(self) -> None:
        place = self.home("bob")
        aside = place.with_name("aside")
        place.rename(aside)
        place.symlink_to(self.home("ada"))
        with self.assertRaisesRegex(Exception, "is a link and no home"):
            self.forget("bob")
        self.assertTrue((self.home("ada") / "work.txt").exists())

    def test_goes_on_where_it_was_killed(self) -> None:
        place = self.home("bob")
        place.rename(place.with_name(".bob.gone"))
        self.assertEqual(self.forget("bob")[0], 0)
        self.assertFalse(place.with_name(".bob.gone").exists())
