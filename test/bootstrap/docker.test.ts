import { describe, expect, it } from "vitest";
import { dockerSteps, type DockerState } from "../../cli/bootstrap/docker";

const nothing: DockerState = {
  client: false,
  builds: false,
  server: false,
  answers: false,
  because: "",
};
const running: DockerState = {
  client: true,
  builds: true,
  server: true,
  answers: true,
  because: "",
};
const usual = { systemd: true, cgroups: true, certificates: true };
const debian12 = new Set(["docker.io", "iptables", "ca-certificates", "cgroupfs-mount"]);
const debian13 = new Set([...debian12, "docker-cli", "docker-buildx"]);
const ubuntu = new Set(["docker.io", "docker-buildx", "iptables", "ca-certificates"]);
const dockersOwn = new Set([...ubuntu, "docker-buildx-plugin"]);

describe("dockerSteps", () => {
  it.each([
    ["touches nothing where Docker works", running, debian13, usual, [], false],
    ["starts a daemon that is there", { ...running, answers: false }, debian12, usual, [], true],
    ["Debian 12", nothing, debian12, usual, ["docker.io", "iptables"], true],
    [
      "Debian 13: the client is a package of its own",
      nothing,
      debian13,
      usual,
      ["docker.io", "iptables", "docker-cli", "docker-buildx"],
      true,
    ],
    ["Ubuntu", nothing, ubuntu, usual, ["docker.io", "iptables", "docker-buildx"], true],
    [
      "a bare container: no systemd, no control groups, no certificates",
      nothing,
      debian12,
      { systemd: false, cgroups: false, certificates: false },
      ["docker.io", "iptables", "ca-certificates", "cgroupfs-mount"],
      true,
    ],
    [
      "no second bundle of certificates over the machine's own",
      nothing,
      debian12,
      { systemd: false, cgroups: true, certificates: true },
      ["docker.io", "iptables"],
      true,
    ],
    [
      "only the builder where Docker's own archive is used",
      { ...running, builds: false },
      dockersOwn,
      usual,
      ["docker-buildx-plugin"],
      false,
    ],
    [
      "a client for a daemon that runs",
      { ...running, client: false, builds: false, answers: false },
      debian12,
      usual,
      ["docker.io"],
      true,
    ],
  ])("%s", (_title, state, offered, around, packages, start) => {
    expect(dockerSteps(state, offered, around)).toEqual({ packages, start });
  });
});
