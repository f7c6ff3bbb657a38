import { describe, expect, it } from "vitest";
import { isTakenBack, notStarted, SpotTakenBack } from "../../../cli/aws/notStarted";

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

describe("why a host was not started", () => {
  it.each<[string, unknown, RegExp, RegExp]>([
    [
      "EC2 has taken its Spot capacity back",
      new SpotTakenBack("instance-stopped-no-capacity", "i-0"),
      /taken back .* host-0 \(instance-stopped-no-capacity\): only EC2 can start it/,
      /Wait.*market: on-demand/,
    ],
    [
      "its Spot request has not followed a stop yet",
      named("IncorrectSpotRequestState", "You cannot start it"),
      /does not allow a start yet \(IncorrectSpotRequestState\)/,
      /few minutes/,
    ],
    [
      "there is no capacity",
      named("InsufficientInstanceCapacity", "We do not have it."),
      /no g6\.xlarge to start host-0 on .*\(InsufficientInstanceCapacity\)/,
      /ladder/,
    ],
    [
      "it may not be",
      named("UnauthorizedOperation", "You are not authorized."),
      /Starting host-0 is not allowed/,
      /aws-permissions/,
    ],
    ["of something else", named("IncorrectState", "No."), /IncorrectState/, /run it again/],
  ])("because %s", (_, problem, message, mend) => {
    const failure = notStarted("host-0", "g6.xlarge", problem);
    expect(failure.message).toMatch(message);
    expect(failure.mend).toMatch(mend);
  });

  it.each([
    ["instance-stopped-no-capacity", true],
    ["instance-stopped-by-price", true],
    ["instance-stopped-capacity-oversubscribed", true],
    ["instance-stopped-by-user", false],
    ["marked-for-stop", false],
    ["fulfilled", false],
  ])("%s: EC2 took it back is %s", (status, is) => {
    expect(isTakenBack(status)).toBe(is);
  });
});
