"""Which disk is whose, and that none with data on it is ever formatted."""
import json
import os
import unittest
from pathlib import Path
from typing import Any

from support import HostCase, document, environment
from gpudev_host.config import Config, Paths
from gpudev_host.disks import EBS, INSTANCE_STORE, LABEL, Disk, choose_homes_disk, parse_disks
from gpudev_host.document import canonical, parse
from gpudev_host.errors import HostError
from gpudev_host.homes import prepare_homes
from gpudev_host.storage import daemon_settings, prepare

ROOT = Disk("/dev/nvme0n1", EBS, None, True, False)
BLANK = Disk("/dev/nvme1n1", EBS, None, False, True)
HOMES = Disk("/dev/nvme2n1", EBS, LABEL, False, False)
FOREIGN = Disk("/dev/nvme3n1", EBS, "data", False, False)
SCRATCH = Disk("/dev/nvme4n1", INSTANCE_STORE, None, False, True)


def lsblk(*disks: dict[str, Any]) -> str:
    return json.dumps({"blockdevices": [{"type": "disk", "model": EBS, **disk} for disk in disks]})


class Choice(unittest.TestCase):
    def test_table(self) -> None:
        for name, disks, expected in (
            ("not attached yet", [ROOT, SCRATCH], None),
            ("a new volume", [ROOT, BLANK, SCRATCH], BLANK),
            ("homes of before", [ROOT, HOMES], HOMES),
            ("homes of before, whatever else is blank", [ROOT, BLANK, HOMES], HOMES),
            ("somebody's data is never taken", [ROOT, FOREIGN], None),
            ("scratch is never taken", [SCRATCH], None),
        ):
            with self.subTest(name):
                self.assertEqual(choose_homes_disk(disks), expected)

    def test_no_guessing(self) -> None:
        with self.assertRaisesRegex(HostError, "all blank EBS volumes"):
            choose_homes_disk([BLANK, Disk("/dev/nvme5n1", EBS, None, False, True)])
        with self.assertRaisesRegex(HostError, "both carry the label"):
            choose_homes_disk([HOMES, Disk("/dev/nvme5n1", EBS, LABEL, False, False)])

    def test_reading(self) -> None:
        text = lsblk(
            {"name": "/dev/nvme0n1", "children": [{"name": "/dev/nvme0n1p1", "mountpoint": "/"}]},
            {"name": "/dev/nvme1n1", "model": f"{EBS}   "},
            {"name": "/dev/nvme2n1", "fstype": "xfs", "label": LABEL},
            {"name": "/dev/nvme3n1", "pttype": "gpt"},
            {"name": "/dev/loop0", "type": "loop"},
        )
        found = parse_disks(text)
        self.assertEqual([(disk.path[-7:-2], disk.blank, disk.mounted) for disk in found], [("nvme0", False, True), ("nvme1", True, False), ("nvme2", False, False), ("nvme3", False, False)])
        self.assertEqual(choose_homes_disk(found), found[2])


class Homes(HostCase):
    def setUp(self) -> None:
        super().setUp()
        self.config = Config("bucket", "eu-west-1", "host-0", paths=Paths(self.root))
        value = document([environment("alice", 0), environment("bob", 1)])
        self.parsed = parse(canonical(value), "host-0")
        (self.fake / "fail-mountpoint").touch()

    def test_a_blank_volume_becomes_homes_with_quotas(self) -> None:
        (self.fake / "say-lsblk").write_text(lsblk({"name": "/dev/nvme1n1"}))
        prepare_homes(self.config.paths, self.parsed, local=False)
        mount = self.root / "var/lib/gpudev/homes"
        self.assertEqual(self.calls("mkfs.xfs"), [f"mkfs.xfs -L {LABEL} /dev/nvme1n1"])
        self.assertEqual(self.calls("mount"), [f"mount -t xfs -o prjquota,nosuid,nodev /dev/nvme1n1 {mount}"])
        self.assertEqual(
            self.calls("xfs_quota"),
            [
                f"xfs_quota -x -c project -s -p {mount}/alice 1000 {mount}",
                f"xfs_quota -x -c limit -p bhard=107374182400 1000 {mount}",
                f"xfs_quota -x -c project -s -p {mount}/bob 1001 {mount}",
                f"xfs_quota -x -c limit -p bhard=107374182400 1001 {mount}",
            ],
        )
        prepare_homes(self.config.paths, self.parsed, local=False)
        self.assertEqual(len(self.calls("xfs_quota")), 6, "projects are kept, limits are set")

    def test_a_volume_of_before_is_never_formatted(self) -> None:
        (self.fake / "say-lsblk").write_text(lsblk({"name": "/dev/nvme1n1", "fstype": "xfs", "label": LABEL}))
        prepare_homes(self.config.paths, self.parsed, local=False)
        self.assertEqual(self.calls("mkfs.xfs"), [])
        self.assertEqual(len(self.calls("mount")), 1)
        self.assertEqual(len(self.calls("xfs_growfs")), 1)

    def test_a_home_that_exists_is_its_users(self) -> None:
        place = self.root / "var/lib/gpudev/homes/alice"
        place.mkdir(parents=True)
        place.chmod(0o750)
        os.chown(place, 4321, 4321)
        prepare_homes(self.config.paths, self.parsed, local=True)
        found = place.stat()
        self.assertEqual((found.st_mode & 0o777, found.st_uid), (0o750, 4321))

    def test_efs_by_access_points(self) -> None:
        homes = {"kind": "efs", "fileSystem": "fs-1", "accessPoints": {"alice": "fsap-a", "bob": "fsap-b"}}
        value = document([environment("alice", 0), environment("bob", 1)], homes=homes)
        prepare_homes(self.config.paths, parse(canonical(value), "host-0"), local=False)
        place = self.root / "var/lib/gpudev/homes"
        self.assertEqual(
            self.calls("mount"),
            [f"mount -t efs -o tls,iam,noresvport,accesspoint=fsap-{user[0]} fs-1:/ {place}/{user}" for user in ("alice", "bob")],
        )


class DockerData(HostCase):
    def test_settings_of_others_stay(self) -> None:
        found = daemon_settings({"mtu": 1400, "features": {"x": True}, "data-root": "/old"}, None)
        self.assertEqual(found["mtu"], 1400)
        self.assertEqual(found["features"], {"x": True, "cdi": True})
        self.assertNotIn("data-root", found)
        self.assertEqual(daemon_settings({}, Path("/nvme"))["data-root"], "/nvme/docker")

    def test_one_scratch_disk(self) -> None:
        (self.fake / "fail-mountpoint").touch()
        (self.fake / "fail-blkid").touch()
        (self.fake / "say-lsblk").write_text(lsblk({"name": "/dev/nvme1n1", "model": INSTANCE_STORE}))
        self.assertFalse(prepare(self.config.paths))
        settings = json.loads((self.root / "etc/docker/daemon.json").read_text())
        self.assertEqual(settings["data-root"], str(self.root / "var/lib/gpudev/scratch/docker"))
        self.assertEqual(len(self.calls("mkfs.ext4")), 1)

    def test_the_amis_own_scratch_is_taken_as_it_is(self) -> None:
        prepare(self.config.paths)
        settings = json.loads((self.root / "etc/docker/daemon.json").read_text())
        self.assertEqual(settings["data-root"], str(self.root / "opt/dlami/nvme/docker"))

    def test_docker_is_restarted_only_for_a_change(self) -> None:
        (self.fake / "units/docker").write_text("active\n")
        self.assertEqual([prepare(self.config.paths), prepare(self.config.paths)], [True, False])
