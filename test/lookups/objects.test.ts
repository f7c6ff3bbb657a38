import { describe, expect, it } from "vitest";
import {
  parseContainers,
  parseImages,
  parseNetworks,
  parsePublished,
  parseVolumes,
} from "../../components/lookups/objects";

describe("published ports", () => {
  it.each([
    ["", []],
    ["2222/tcp, 8888/tcp", []],
    ["127.0.0.1:18888->8888/tcp", [{ address: "127.0.0.1", port: 18888 }]],
    [
      "2222/tcp, 127.0.0.1:39227->8888/tcp, 0.0.0.0:53->53/udp",
      [{ address: "127.0.0.1", port: 39227 }],
    ],
    [
      "0.0.0.0:80->80/tcp, :::80->80/tcp",
      [
        { address: "0.0.0.0", port: 80 },
        { address: "::", port: 80 },
      ],
    ],
    ["[::]:443->443/tcp", [{ address: "::", port: 443 }]],
    [
      "0.0.0.0:8000-8002->8000-8002/tcp",
      [
        { address: "0.0.0.0", port: 8000 },
        { address: "0.0.0.0", port: 8001 },
        { address: "0.0.0.0", port: 8002 },
      ],
    ],
  ])("%s", (column, expected) => {
    expect(parsePublished(column)).toEqual(expected);
  });
});

describe("lists of the Docker client", () => {
  it("of containers: with and without our label, stopped ones and linked ones", () => {
    const text = [
      "gpudev-team-a\t7f3k2m\t127.0.0.1:8888->8888/tcp",
      "agitated_napier\t\t2222/tcp, 127.0.0.1:39227->8888/tcp",
      "web/db,db\t\t",
      "",
    ].join("\n");
    expect(parseContainers(text)).toEqual({
      objects: [
        { name: "gpudev-team-a", stackId: "7f3k2m" },
        { name: "agitated_napier" },
        { name: "db" },
      ],
      published: [
        {
          address: "127.0.0.1",
          port: 8888,
          holder: "container gpudev-team-a",
          stackId: "7f3k2m",
        },
        { address: "127.0.0.1", port: 39227, holder: "container agitated_napier" },
      ],
    });
  });

  it("of volumes", () => {
    expect(parseVolumes("gi-home\t\ngpudev-team-a-home\t7f3k2m\n")).toEqual([
      { name: "gi-home" },
      { name: "gpudev-team-a-home", stackId: "7f3k2m" },
    ]);
  });

  it("of networks, with their subnets", () => {
    const text = [
      '{"Name":"bridge","Driver":"bridge","IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.17.0.0/16"}]},"Labels":{}}',
      '{"Name":"gpudev-team-a","IPAM":{"Config":[{"Subnet":"10.213.0.0/29","Gateway":"10.213.0.1"},{"Subnet":"fd00::/64"}]},"Labels":{"dev.gpudev.stack-id":"7f3k2m"}}',
      '{"Name":"host","IPAM":{"Driver":"default","Options":null,"Config":[]},"Labels":{}}',
      '{"Name":"old","IPAM":{"Config":null},"Labels":null}',
      "",
    ].join("\n");
    expect(parseNetworks(text)).toEqual([
      { name: "bridge", subnets: ["172.17.0.0/16"] },
      { name: "gpudev-team-a", subnets: ["10.213.0.0/29", "fd00::/64"], stackId: "7f3k2m" },
      { name: "host", subnets: [] },
      { name: "old", subnets: [] },
    ]);
  });

  it("of images, by tag and by digest", () => {
    const digest = `sha256:${"1".repeat(64)}`;
    const text = [
      "pytorch-cuda\t2.6-cuda12.4\t<none>",
      `ubuntu\t22.04\t${digest}`,
      "<none>\t<none>\t<none>",
      `ghcr.io/x/y\t<none>\t${digest}`,
    ].join("\n");
    expect(parseImages(text)).toEqual([
      "pytorch-cuda:2.6-cuda12.4",
      "ubuntu:22.04",
      `ubuntu@${digest}`,
      `ghcr.io/x/y@${digest}`,
    ]);
  });
});
