import { describe, expect, it } from "vitest";
import { asRecorded } from "../../../cli/aws/awsStack";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, recordAws } from "../../plan/aws/world";

describe("what a stack's first plan tells its hosts", () => {
  it("is what the second one tells them, with everything recorded", () => {
    const settings = awsSettings(["ada"], {}, { lifetime: {} });
    const first = asRecorded(settings, account());
    const until = first.plan.record["gpudev:lifetime.until"];
    expect(until).toBe("2026-12-23T12:00:00+00:00");
    const recorded = recordAws(settings, account());
    const ending = { ...recorded, lifetime: { ...recorded.lifetime, until: String(until) } };
    const later = account({ time: "2026-11-23T15:30:00.000Z" });
    expect(makeAwsPlan(ending, later).documents).toEqual(first.plan.documents);
    expect(makeAwsPlan(settings, account()).documents).not.toEqual(first.plan.documents);
  });

  it("leaves an end that somebody has named", () => {
    const settings = awsSettings(["ada"]);
    expect(asRecorded(settings, account()).plan.record).not.toHaveProperty("gpudev:lifetime.until");
  });
});
