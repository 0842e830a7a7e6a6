/**
 * Everything about the service's manner that a test may change while it runs (POST /settings). README.md explains each.
 * A function, so that each sandbox starts from the same values.
 */
export function defaultSettings() {
  return {
    // change feed and listings
    page_size: 200,
    max_top: 1000,
    order: "log", // log | shuffle_page | shuffle | reverse
    seed: 1,
    repeats: 0, // share of items that appear a second time
    stale_repeats: false, // the first of two appearances shows the state before the last change
    empty_pages: 0, // share of pages before which an empty one comes
    delta_paging: "live", // live | snapshot
    delta_lag_ms: 0,
    ancestors: true,
    delta_paths: false, // path in the parentReference of the feed: documented as absent, older clients lean on it
    tombstones: "all", // all | top: whether what lay in a deleted folder is reported item by item
    tombstone_facets: false, // file or folder facet on every tombstone: not promised, older clients lean on it
    token_horizon: 0, // changes after which a token is too old; 0 = never
    token_max_age_ms: 0,
    gone_code: "resyncRequired",
    business_folder_delta: "refuse", // refuse | whole
    link_form: "query", // query | function
    drive_id_quirks: false, // personal: leading zero dropped, case mixed

    // sign-in
    auto_approve: false,
    access_token_s: 3599,
    device_code_s: 900,
    device_interval_s: 5,
    auth_code_s: 600,
    rotate_refresh: true,
    enforce_scopes: true,

    // content
    content_refuses_token: true,
    download_url_s: 3600,
    expired_download_status: 401,
    upload_session_s: 86400,

    // notifications
    subscription_s: 3600,
    url_shape: "real", // real | documented
    not_supported: [], // forms of socketIo that answer 400 notSupported: me drive list group site
    push_auth: "connect_error", // connect_error | http: how a bad token is refused
    namespaces: "exact", // exact | any | none | split
    expiry: "disconnect", // disconnect | leave | close | silent
    polling: false,
    eio3: false,
    ping_interval_ms: 25000,
    ping_timeout_ms: 20000,
    notify: true,
    notify_delay_ms: [0, 10],
    notify_coalesce_ms: 0,
    notify_form: "string", // string | object | none
    notify_drop: 0, // share of events that are lost
    notify_times: 1,

    // all hosts
    latency_ms: {}, // route -> milliseconds; "*" for all
    clock_skew_s: 0,
    throttle: null, // { requests, seconds, retry_after }: 429 above that rate on the graph host
  };
}

/** Takes over known settings; an unknown name is an error, so that a test does not rely on nothing. */
export function applySettings(settings, changes) {
  for (const name of Object.keys(changes)) {
    if (!(name in settings)) throw new Error(`no setting is called ${name}`);
  }
  Object.assign(settings, changes);
}
