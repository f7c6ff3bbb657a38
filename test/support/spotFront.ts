/**
 * What EC2 says of instances whose Spot request stands in the way of a start, which moto never does.
 * Status codes as in the EC2 User Guide, "Spot request status codes".
 */
export class SpotFront {
  /** Status of the Spot request by instance; EC2 does not start such an instance. */
  readonly status = new Map<string, string>();
  /** How often EC2 has refused to start one. */
  refusals = 0;

  /**
   * @param body a request's parameters, as the query protocol has them
   * @returns EC2's answer; undefined where moto may answer
   */
  answer(body: string): { readonly code: number; readonly text: string } | undefined {
    const asked = new URLSearchParams(body);
    const action = asked.get("Action");
    if (action === "DescribeSpotInstanceRequests")
      return { code: 200, text: `<${action}Response>${this.requests()}</${action}Response>` };
    const ids = [...asked].flatMap(([key, value]) => (/^InstanceId\./.test(key) ? [value] : []));
    if (action !== "StartInstances" || !ids.some((id) => this.status.has(id))) return undefined;
    this.refusals += 1;
    const error =
      "<Code>IncorrectSpotRequestState</Code><Message>The Spot request does not allow it</Message>";
    return {
      code: 400,
      text: `<Response><Errors><Error>${error}</Error></Errors><RequestID>r</RequestID></Response>`,
    };
  }

  private requests(): string {
    const items = [...this.status].map(
      ([instance, status]) =>
        `<item><spotInstanceRequestId>sir-1</spotInstanceRequestId><instanceId>${instance}</instanceId><state>disabled</state><status><code>${status}</code></status></item>`,
    );
    return `<requestId>r</requestId><spotInstanceRequestSet>${items.join("")}</spotInstanceRequestSet>`;
  }
}
