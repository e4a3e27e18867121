// What a site with Mixpanel has, with one line changed: `api_host`.
import mixpanel from 'mixpanel-browser';

window.mixpanel = mixpanel;
mixpanel.init(document.currentScript.dataset.token, {
  api_host: new URL(document.currentScript.src).origin,
  record_sessions_percent: 100,
  track_pageview: true,
});
