/** Region, Session document and what a command line of `aws` opens a session to. */
export interface AwsSession {
  readonly region: string;
  readonly document: string;
}

/** Arguments of `aws` that open a session to an instance; `localPort` for documents that listen on this machine. */
export function sessionArgs(session: AwsSession, instance: string, localPort?: number): string[] {
  return [
    ...["ssm", "start-session"],
    ...["--region", session.region],
    ...["--target", instance],
    ...["--document-name", session.document],
    ...(localPort === undefined ? [] : ["--parameters", `localPortNumber=${localPort}`]),
  ];
}

/**
 * An SSH client's ProxyCommand through a session. It asks at every connection which instance serves the user, in
 * the parameter that the host publishes: so a machine that was replaced changes no one's ssh_config.
 */
export function sessionProxy(session: AwsSession, instanceParameter: string): string {
  const ask = [
    ...["aws", "ssm", "get-parameter", "--region", session.region, "--name", instanceParameter],
    ...["--with-decryption", "--query", "Parameter.Value", "--output", "text"],
  ].join(" ");
  const go = sessionArgs(session, '"$t"').join(" ");
  // A shell of its own: the person's may be none that knows `$( )`.
  return `sh -c 't=$(${ask}) && exec aws ${go}'`;
}
