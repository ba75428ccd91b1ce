// What was started and made, undone in reverse order, on success, failure and Ctrl+C alike.
import { readFileSync, rmSync } from 'node:fs';

export class CleanUp {
  #actions = [];

  add(what, action) {
    this.#actions.push({ what, action });
  }

  /** Resolves with whether all of it worked; what did not is said. */
  async run() {
    let ok = true;
    for (const { what, action } of this.#actions.toReversed()) {
      console.log(`clean-up: ${what}`);
      try {
        await action();
      } catch (error) {
        ok = false;
        console.error(`clean-up failed at ${what}: ${error.message}`);
      }
    }
    this.#actions = [];
    return ok;
  }
}

/** Deletes a folder in which file systems may still be mounted: debootstrap's or the engine's, had they to be killed. */
export async function removeFolder(commands, folder) {
  const mounted = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4])
      .filter((path) => path?.startsWith(`${folder}/`));
  for (const path of mounted().toReversed())
    await commands.run('umount', [path], { evenIfInterrupted: true });
  // Deleting through a mount would delete what is mounted.
  if (mounted().length > 0) throw new Error(`still mounted: ${mounted().join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
}
