/** What the clients of the examples have in common: the server's address, and errors of a call in one line. */
import { InferError } from '@serving/client';

/** Runs `client` with what the command line gives: the address, by default localhost:5500, and other arguments. */
export async function runClient(
  client: (address: string, ...args: string[]) => Promise<void>,
): Promise<void> {
  const [address = 'localhost:5500', ...args] = process.argv.slice(2);
  try {
    await client(address, ...args);
  } catch (error) {
    if (!(error instanceof InferError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
