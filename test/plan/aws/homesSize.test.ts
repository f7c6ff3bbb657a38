import { describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, known } from "./world";

describe("the volume of a host's homes", () => {
  const sizes = (usersPerHost: number, now: readonly number[]) =>
    makeAwsPlan(
      awsSettings(["ada", "bob"], {
        hosts: { ladder: [{ type: "g6.12xlarge" }], usersPerHost },
        homes: { size: "100GiB", zone: "eu-west-1a" },
      }),
      account({
        volumes: known(
          now.map((sizeGiB, host) => ({ id: `vol-${host}`, zone: "eu-west-1a", host, sizeGiB })),
        ),
      }),
    ).homes.volumes.map(({ sizeGiB }) => sizeGiB);

  it("has room for every place, and grows with places", () => {
    expect(sizes(2, [])).toEqual([200]);
    expect(sizes(4, [200])).toEqual([400]);
  });

  it("never becomes smaller than it is, which EBS would refuse", () => {
    expect(sizes(2, [400])).toEqual([400]);
  });
});
