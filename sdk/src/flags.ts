/** Feature flags mean nothing here: each method answers with the fallback it was given, and says so once. */
export class Flags {
  private said = false;
  constructor(private readonly log: (message: string) => void) {}

  private none<T>(value: T): T {
    if (!this.said) this.log("feature flags are not part of Playhead; fallbacks are returned");
    this.said = true;
    return value;
  }
  are_flags_ready(): boolean {
    return this.none(false);
  }
  load_flags(): Promise<void> {
    return Promise.resolve(this.none(undefined));
  }
  when_ready(): Promise<void> {
    return Promise.resolve(this.none(undefined));
  }
  get_variant<T>(_key: string, fallback: T): Promise<T> {
    return Promise.resolve(this.none(fallback));
  }
  get_variant_sync<T>(_key: string, fallback: T): T {
    return this.none(fallback);
  }
  get_variant_value<T>(_key: string, fallback: T): Promise<T> {
    return Promise.resolve(this.none(fallback));
  }
  get_variant_value_sync<T>(_key: string, fallback: T): T {
    return this.none(fallback);
  }
  get_all_variants(): Promise<Map<string, unknown>> {
    return Promise.resolve(this.none(new Map()));
  }
  get_all_variants_sync(): Map<string, unknown> {
    return this.none(new Map());
  }
  is_enabled(_key: string, fallback = false): Promise<boolean> {
    return Promise.resolve(this.none(fallback));
  }
  is_enabled_sync(_key: string, fallback = false): boolean {
    return this.none(fallback);
  }
  update_context(): Promise<void> {
    return Promise.resolve(this.none(undefined));
  }
  get_feature_data<T>(_key: string, fallback: T): Promise<T> {
    return Promise.resolve(this.none(fallback));
  }
}
