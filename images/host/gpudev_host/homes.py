"""Homes on the host: one folder for each user, with a project quota where the file system has them."""
from __future__ import annotations

import os
import shutil
from pathlib import Path

from .commands import must, run
from .config import Paths
from .disks import mount_homes_volume
from .document import Document, Home
from .errors import HostError
from .files import read_json, write_json

FIRST_PROJECT = 1000


def homes_folder(document: Document) -> str | None:
    """The folder that all homes lie in: the mount point of the homes volume. None: nobody has a home here."""
    for one in document.environments:
        return one.home.path.rsplit("/", 1)[0]
    return None


def prepare_homes(paths: Paths, document: Document, local: bool) -> None:
    """Mounts what homes lie on and makes those that do not exist.

    Raises HostError before any home is made where its volume is not there: a home on the root volume
    would be lost with the instance.
    """
    folder = homes_folder(document)
    if folder is None:
        return
    if document.homes.kind == "efs":
        for one in document.environments:
            mount_access_point(paths, document, one.user, one.home)
        return
    if not local:
        mount_homes_volume(paths, folder)
    for one in document.environments:
        make_home(paths, one.home)
    if not local:
        set_quotas(paths, paths.at(folder), [one.home for one in document.environments])


def make_home(paths: Paths, home: Home) -> bool:
    """Makes a home that does not exist. One that exists is never changed: it is its user's.

    A link in its place would lead root's hand elsewhere: refused by HostError.
    """
    place = paths.at(home.path)
    if os.path.lexists(place):
        if os.path.islink(place) or not os.path.isdir(place):
            raise HostError(f"{place} is no folder: a home cannot lie there")
        return False
    temporary = place.with_name(f".{place.name}.new")
    temporary.mkdir(parents=True, exist_ok=True)
    temporary.chmod(0o700)
    os.chown(temporary, home.uid, home.gid)
    os.rename(temporary, place)  # never a home that is still root's
    return True


def forget_home(paths: Paths, folder: str, user: str, local: bool) -> bool:
    """Deletes the home of a user who has left, for good, and its quota. False: there is none.

    Raises HostError where the homes volume is not there, or where a link stands in the home's place.
    """
    if not local:
        mount_homes_volume(paths, folder)
    mount = paths.at(folder)
    place = mount / user
    if os.path.islink(place):
        raise HostError(f"{place} is a link and no home: it is left as it is")
    there = place.is_dir()
    gone = mount / f".{user}.gone"
    if there:
        os.rename(place, gone)
    if gone.is_dir():  # also what a killed run left of it
        shutil.rmtree(gone)
    register = mount / ".gpudev" / "projects.json"
    projects: dict[str, int] = read_json(register) or {}
    number = projects.pop(user, None)
    if number is not None:
        # Whoever is given this name next begins with a project of their own.
        must(["xfs_quota", "-x", "-c", f"limit -p bhard=0 {number}", str(mount)])
        write_json(register, projects, 0o600)
    return there


def set_quotas(paths: Paths, mount: Path, homes: list[Home]) -> None:
    """Gives each home its XFS project and limit.

    Projects are numbered on the volume itself, so that it keeps them when it moves to another host.
    """
    register = mount / ".gpudev" / "projects.json"
    projects: dict[str, int] = read_json(register) or {}
    for home in homes:
        name = Path(home.path).name
        if name not in projects:
            number = max([FIRST_PROJECT - 1, *projects.values()]) + 1
            # Walks the home once; files made later inherit the project.
            must(["xfs_quota", "-x", "-c", f"project -s -p {paths.at(home.path)} {number}", str(mount)], 3600)
            projects[name] = number
            register.parent.mkdir(mode=0o700, exist_ok=True)
            write_json(register, projects, 0o600)
        must(["xfs_quota", "-x", "-c", f"limit -p bhard={home.quota_bytes} {projects[name]}", str(mount)])


def mount_access_point(paths: Paths, document: Document, user: str, home: Home) -> None:
    """Mounts a user's EFS access point as the home, encrypted on its way and by the host's role."""
    point, system = document.homes.access_points.get(user), document.homes.file_system
    if point is None or system is None:
        raise HostError(f"{user} has no EFS access point in the document")
    place = paths.at(home.path)
    place.mkdir(parents=True, exist_ok=True)
    if run(["mountpoint", "--quiet", str(place)]).ok:
        return
    must(["mount", "-t", "efs", "-o", f"tls,iam,noresvport,accesspoint={point}", f"{system}:/", str(place)], 120)
