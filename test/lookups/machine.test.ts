import { describe, expect, it } from "vitest";
import { parseAddresses, parseDf } from "../../components/lookups/host";
import { isLocal, machineOf, shellWord, sshArguments } from "../../components/lookups/machine";

describe("where a daemon runs", () => {
  it.each([
    [undefined, true],
    ["unix:///var/run/docker.sock", true],
    ["unix:///run/user/1000/docker.sock", true],
    ["tcp://127.0.0.1:2375", true],
    ["tcp://localhost:2375", true],
    ["tcp://[::1]:2375", true],
    ["tcp://10.1.2.3:2376", false],
    ["ssh://ada@gpu-box", false],
    ["ssh://localhost", false],
  ])("%s on this machine: %s", (host, local) => {
    expect(isLocal(host)).toBe(local);
    expect(machineOf(host).local).toBe(local);
  });

  it("is asked over SSH without ever asking a person, each word as it is", () => {
    expect(sshArguments("ssh://ada@gpu-box:2200", "test", ["-e", "/srv/it's here"])).toEqual([
      "-o",
      "BatchMode=yes",
      "-o",
      "ConnectTimeout=10",
      "-p",
      "2200",
      "-l",
      "ada",
      "--",
      "gpu-box",
      String.raw`'test' '-e' '/srv/it'\''s here'`,
    ]);
  });

  it("quotes whatever a shell could read", () => {
    expect(shellWord("$(reboot) `id` \"x\" 'y'")).toBe(
      String.raw`'$(reboot) ` + "`id`" + String.raw` "x" '\''y'\'''`,
    );
  });

  it("by tcp elsewhere can be asked for nothing", async () => {
    expect(await machineOf("tcp://10.1.2.3:2376").run("ss", [])).toEqual({
      known: false,
      because: "the machine behind tcp://10.1.2.3:2376 can be asked for nothing but Docker",
    });
  });

  it("here runs commands, and says with code 127 that there is none", async () => {
    const machine = machineOf(undefined);
    const node = await machine.run(process.execPath, ["-p", "6*7"]);
    expect(node).toMatchObject({ known: true, value: { exitCode: 0, stdout: "42" } });
    const none = await machine.run("no-such-command-anywhere", []);
    expect(none).toMatchObject({ known: true, value: { exitCode: 127 } });
  });
});

describe("answers of other machines", () => {
  it("of df", () => {
    expect(parseDf("      Avail\n62508957696\n")).toBe(62508957696);
    expect(parseDf("df: /var/lib/docker: No such file or directory\n")).toBeUndefined();
  });

  it("of hostname -I: IPv4 only", () => {
    expect(parseAddresses("192.168.1.20 172.17.0.1 fd00::1 \n")).toEqual([
      "192.168.1.20",
      "172.17.0.1",
    ]);
  });
});
