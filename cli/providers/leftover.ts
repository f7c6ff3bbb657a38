/** A container that the state does not know, as far as it decides whether it may make way. */
export interface LeftoverContainer {
  readonly State?: {
    readonly Running?: boolean;
    readonly Health?: { readonly Status?: string } | null;
  };
  readonly Config?: { readonly Labels?: unknown };
}

/** Whether somebody may be at work in it: a container that a killed run left half made is not healthy. */
export function isInUse({ State }: LeftoverContainer): boolean {
  const health = State?.Health?.Status ?? "none";
  return State?.Running === true && (health === "healthy" || health === "none");
}

/** The refusal to end such a container, which a provider cannot ask about. */
export function inUseError(name: string): Error {
  return new Error(
    `container ${name} runs, and Pulumi's state does not know it: somebody may be at work in it. ` +
      `Run \`gpudev up\`, which asks before it ends it, or end it yourself (docker rm -f ${name}); the home stays`,
  );
}
