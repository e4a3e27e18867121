// A site whose own SDK masks nothing but fields: what a rule on the server is for.
import mixpanel from 'mixpanel-browser';

window.mixpanel = mixpanel;
mixpanel.init(document.currentScript.dataset.token, {
  api_host: location.origin,
  record_sessions_percent: 100,
  record_mask_all_text: false,
  record_block_selector: '',
});
