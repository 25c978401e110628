// Port: named leases with a rising fence, by the store's clock. They make sure that a sweep runs on one node; safety comes from the guards, not from them.

export interface LeaseStore {
  /** Takes or renews the lease for `ttlMs`; null while someone else holds it. `fence` rises with every new holder and after a release, and stays while one holder renews. */
  acquire(name: string, holder: string, ttlMs: number): Promise<{ readonly fence: number } | null>;
  release(name: string, holder: string): Promise<void>;
}
