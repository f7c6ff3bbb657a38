/** Lets at most `most` pieces of work go on at a time; the others wait for their turn, first come, first served. */
export function turns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let going = 0;
  return async (work) => {
    // Whoever ends hands its place on, so that the count stays where somebody waits.
    if (going >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else going += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) going -= 1;
      else next();
    }
  };
}

/**
 * Turns for whatever logs in to another machine: an SSH server turns logins away at random from the
 * tenth that is under way (sshd_config, MaxStartups 10:30:100).
 */
export const sshTurns = turns(4);
