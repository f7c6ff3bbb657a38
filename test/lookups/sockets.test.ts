import { describe, expect, it } from "vitest";
import { mergeTaken, parseProcNet, parseSs } from "../../components/lookups/sockets";

describe("ss -Hltnp", () => {
  it("names address, port and, with the right to see it, the process", () => {
    const text = [
      "LISTEN 0      128      0.0.0.0:2024  0.0.0.0:*                                        ",
      'LISTEN 0      4096   127.0.0.1:18888 0.0.0.0:* users:(("docker-proxy",pid=16109,fd=4))',
      "LISTEN 0      4096   127.0.0.53%lo:53 0.0.0.0:*",
      'LISTEN 0      128         [::]:22    [::]:* users:(("sshd",pid=700,fd=4),("sshd",pid=699,fd=4))',
      "LISTEN 0      511            *:8080        *:*",
      "",
    ].join("\n");
    expect(parseSs(text)).toEqual([
      { address: "0.0.0.0", port: 2024 },
      { address: "127.0.0.1", port: 18888, holder: "docker-proxy (process 16109)" },
      { address: "127.0.0.53", port: 53 },
      { address: "::", port: 22, holder: "sshd (process 700)" },
      { address: "*", port: 8080 },
    ]);
  });
});

describe("/proc/net/tcp", () => {
  it("of IPv4: listening sockets only", () => {
    const text = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1060 1 00000000a2d2a523 100 0 0 10 0",
      "   1: 0100007F:49C8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 79164 1 00000000918c4e1a 100 0 0 10 0",
      "   2: 0100007F:993B 0100007F:49C8 01 00000000:00000000 00:00000000 00000000     0        0 75511 1 00000000f32c5781 100 0 0 10 0",
    ].join("\n");
    expect(parseProcNet(text)).toEqual([
      { address: "0.0.0.0", port: 2024 },
      { address: "127.0.0.1", port: 18888 },
    ]);
  });

  it("of IPv6: every address, loopback, and IPv4 in disguise", () => {
    const line = (address: string) =>
      `   0: ${address}:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1`;
    const text = [
      line("00000000000000000000000000000000"),
      line("00000000000000000000000001000000"),
      line("0000000000000000FFFF00000100007F"),
      line("000080FE00000000FF005450361A8EFE"),
    ].join("\n");
    expect(parseProcNet(text)).toEqual([
      { address: "::", port: 22 },
      { address: "::1", port: 22 },
      { address: "127.0.0.1", port: 22 },
      { address: "fe80::5054:ff:fe8e:1a36", port: 22 },
    ]);
  });
});

describe("ports in use", () => {
  it("are the container's where Docker's proxy listens for it, and others' beside it", () => {
    const published = [
      { address: "127.0.0.1", port: 8888, holder: "container a", stackId: "7f3k2m" },
    ];
    const sockets = [
      { address: "127.0.0.1", port: 8888 },
      { address: "::1", port: 8888, holder: "docker-proxy (process 12)" },
      { address: "192.168.1.20", port: 8888, holder: "nginx (process 13)" },
      { address: "127.0.0.1", port: 9000, holder: "docker-proxy (process 14)" },
    ];
    expect(mergeTaken(published, sockets)).toEqual([
      ...published,
      { address: "192.168.1.20", port: 8888, holder: "nginx (process 13)" },
      { address: "127.0.0.1", port: 9000, holder: "docker-proxy (process 14)" },
    ]);
  });
});
