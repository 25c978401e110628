// Keeps one or two threads that verify signatures and decrypt, started when first needed and replaced when a job overruns its
// deadline or memory (gate.md 2.2 step 5). It decides nothing about what the signed bytes say.

import { Worker } from 'node:worker_threads';

import type { EncryptedAssertion } from './encrypted-assertion.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { digestAlgorithms, signatureAlgorithms } from './signature-algorithms.ts';

/** A sign-in's response. */
export interface SignatureJob {
  /** Base64, after the pre-scan. */
  readonly samlResponse: string;
  /** PEM; never empty. */
  readonly certificates: readonly string[];
  readonly serviceEntityId: string;
  readonly acsUrl: string;
  /** Which elements carry a signature; every one that does must verify. */
  readonly responseSigned: boolean;
  readonly assertionSigned: boolean;
}

/** A document element with a signature of its own: a message of logout, metadata, an assertion that was encrypted. */
export interface ElementJob {
  /** After the pre-scan. */
  readonly xml: string;
  readonly certificates: readonly string[];
  /** Names the connection, for the limits only. */
  readonly acsUrl: string;
}

/** A text with its signature beside it: a query of the redirect binding. */
export interface TextJob {
  readonly text: string;
  /** One of `signatureAlgorithms`. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly certificates: readonly string[];
  /** Names the connection, for the limits only. */
  readonly acsUrl: string;
}

export interface DecryptionJob extends EncryptedAssertion {
  /** PEM. */
  readonly privateKeys: readonly string[];
  /** Names the connection, for the limits only. */
  readonly acsUrl: string;
}

/** Whose job it is, for the limits only. */
export interface JobSender {
  /** The client's address, or what stands for it in limits. */
  readonly address: string;
}

export interface VerifiedMessage {
  /** Canonical bytes under a valid signature (the Response if it is signed, else the Assertion), or undefined. */
  readonly signedXml: string | undefined;
  /** What else the library found wrong; a sign-in with an objection is always refused. */
  readonly objection: string | undefined;
}

export interface SignatureVerifier {
  /** @throws SamlRefusal `verificationTimeout` or `verificationUnavailable` */
  verify(job: SignatureJob, sender: JobSender): Promise<VerifiedMessage>;
  /** The element's canonical bytes under a valid signature, or undefined. @throws SamlRefusal as `verify` */
  verifyElement(job: ElementJob, sender: JobSender): Promise<string | undefined>;
  /** Whether one of the certificates made the signature. @throws SamlRefusal as `verify` */
  verifyText(job: TextJob, sender: JobSender): Promise<boolean>;
  /** The plain text, or undefined whatever is wrong. @throws SamlRefusal as `verify` */
  decrypt(job: DecryptionJob, sender: JobSender): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export interface SignatureVerifierOptions {
  readonly threads?: number;
  /** For one job, counted from the moment a thread has it. Milliseconds. */
  readonly deadlineMs?: number;
  /** Jobs that may wait for a thread; one more is refused. */
  readonly maxWaiting?: number;
  /** Jobs of one connection that may wait: a flood at one leaves room for the others. */
  readonly maxWaitingOfConnection?: number;
  /** Jobs of one address that may wait. One at a time gets a thread, so that what one sender can make slow is not slow for everybody. */
  readonly maxWaitingOfAddress?: number;
}

type Job =
  | ({ readonly kind: 'response' } & SignatureJob)
  | ({ readonly kind: 'element' } & ElementJob)
  | ({ readonly kind: 'text' } & TextJob)
  | ({ readonly kind: 'decryption' } & DecryptionJob);

interface Pending {
  readonly job: Job;
  readonly sender: JobSender;
  readonly resolve: (result: unknown) => void;
  readonly reject: (refusal: SamlRefusal) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
  pending: Pending | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A thread has one job at a time, so an answer needs no number. */
type WorkerAnswer = { readonly ready: true } | { readonly result: unknown };

const startDeadlineMs = 15_000;

/** Creates the pool; no thread starts before the first job, and an idle pool does not keep the process alive. */
export function createSignatureVerifier(options: SignatureVerifierOptions = {}): SignatureVerifier {
  const { threads: size = 2, deadlineMs = 2000 } = options;
  const { maxWaiting = 64, maxWaitingOfConnection = 32, maxWaitingOfAddress = 28 } = options;
  const threads = new Set<Thread>();
  let waiting: Pending[] = [];
  let closed = false;

  const startThread = (): void => {
    const worker = new Worker(new URL('./signature-worker.mjs', import.meta.url), {
      // Nothing of this process' flags, loaders or environment is needed there.
      execArgv: [],
      env: {},
      workerData: { signatureAlgorithms, digestAlgorithms },
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    const thread: Thread = { worker, ready: false, pending: undefined, timer: undefined };
    threads.add(thread);
    thread.timer = setTimeout(() => void worker.terminate(), startDeadlineMs);
    worker.on('message', (answer: WorkerAnswer) => {
      clearTimeout(thread.timer);
      // Unref works only once the thread is up; the timer of a running job keeps the process alive meanwhile.
      worker.unref();
      const { pending } = thread;
      thread.ready = true;
      thread.pending = undefined;
      if ('result' in answer) pending?.resolve(answer.result);
      dispatch();
    });
    // An error is always followed by the exit, which does the rest.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      clearTimeout(thread.timer);
      threads.delete(thread);
      thread.pending?.reject(new SamlRefusal('verificationTimeout', 'verification used up its time or memory'));
      if (thread.ready) dispatch();
      else refuseWaiting('the verification thread does not start');
    });
  };

  const dispatch = (): void => {
    for (const thread of threads) {
      if (!thread.ready || thread.pending !== undefined) continue;
      const pending = takeNext();
      if (pending === undefined) return;
      thread.pending = pending;
      thread.timer = setTimeout(() => void thread.worker.terminate(), deadlineMs);
      thread.worker.postMessage(pending.job);
    }
    const starting = [...threads].filter((thread) => !thread.ready).length;
    const startable = new Set(waiting.filter(isNext).map(({ sender }) => sender.address)).size;
    if (!closed && startable > starting && threads.size < size) startThread();
  };

  const isNext = ({ sender }: Pending): boolean =>
    [...threads].every((thread) => thread.pending?.sender.address !== sender.address);

  const takeNext = (): Pending | undefined => {
    const at = waiting.findIndex(isNext);
    return at === -1 ? undefined : waiting.splice(at, 1)[0];
  };

  /** Why no more jobs of this kind may wait, or undefined. */
  const overflowOf = (job: Job, sender: JobSender): string | undefined => {
    if (closed) return 'closed';
    if (waiting.length >= maxWaiting) return 'too many verifications waiting';
    if (waiting.filter((pending) => pending.job.acsUrl === job.acsUrl).length >= maxWaitingOfConnection)
      return 'too many verifications of this connection waiting';
    if (waiting.filter((pending) => pending.sender.address === sender.address).length >= maxWaitingOfAddress)
      return 'too many verifications of this address waiting';
    return undefined;
  };

  const refuseWaiting = (detail: string): void => {
    const refused = waiting;
    waiting = [];
    for (const pending of refused) pending.reject(new SamlRefusal('verificationUnavailable', detail));
  };

  const run = (job: Job, sender: JobSender): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const overflow = overflowOf(job, sender);
      if (overflow !== undefined) {
        reject(new SamlRefusal('verificationUnavailable', overflow));
        return;
      }
      waiting.push({ job, sender, resolve, reject });
      dispatch();
    });

  return {
    verify: async (job, sender) => {
      const verified = (await run({ kind: 'response', ...job }, sender)) as VerifiedMessage | undefined;
      return verified ?? { signedXml: undefined, objection: 'nothing verified' };
    },
    verifyElement: (job, sender) => run({ kind: 'element', ...job }, sender) as Promise<string | undefined>,
    verifyText: async (job, sender) => (await run({ kind: 'text', ...job }, sender)) === true,
    decrypt: (job, sender) => run({ kind: 'decryption', ...job }, sender) as Promise<Uint8Array | undefined>,
    close: async () => {
      closed = true;
      refuseWaiting('closed');
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}
