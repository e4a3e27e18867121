// Builds a GLSL ray marcher for a scene of pots. A pot is a profile (radius, height) turned around the y axis, drawn as a
// shell of a given thickness, with optional handles and spouts (bent capsules) and a lid.

const f = (x) => { const s = Number(x).toFixed(4); return s; };
const v2 = ([a, b]) => `vec2(${f(a)},${f(b)})`;
const v3 = ([a, b, c]) => `vec3(${f(a)},${f(b)},${f(c)})`;

function smooth(points, per = 4) {
  const out = [];
  for (let i = 0; i < points.length - 1; i++) {
    const p0 = points[Math.max(0, i - 1)], p1 = points[i], p2 = points[i + 1], p3 = points[Math.min(points.length - 1, i + 2)];
    for (let j = 0; j < per; j++) {
      const t = j / per, t2 = t * t, t3 = t2 * t;
      out.push([0, 1].map((k) => 0.5 * (2 * p1[k] + (p2[k] - p0[k]) * t + (2 * p0[k] - 5 * p1[k] + 4 * p2[k] - p3[k]) * t2
        + (3 * p1[k] - p0[k] - 3 * p2[k] + p3[k]) * t3)));
    }
  }
  out.push(points[points.length - 1]);
  return out.map(([r, y]) => [Math.max(0, r), y]);
}

function pot(p, i) {
  const profile = p.sharp ? p.profile : smooth(p.profile, p.per ?? 7);
  const n = profile.length;
  const [x, z] = p.at ?? [0, 0];
  const turn = p.turn ?? 0;
  const radius = Math.max(...profile.map((q) => q[0])) + (p.reach ?? 0.15);
  const top = Math.max(...profile.map((q) => q[1])) + (p.lid ? 0.35 : 0.15);
  const arms = (p.arms ?? []).map((a) => {
    const pts = smooth3(a.points, 6);
    const segs = pts.slice(1).map((q, k) => {
      const r0 = a.r[0] + (a.r[1] - a.r[0]) * (k / (pts.length - 1)), r1 = a.r[0] + (a.r[1] - a.r[0]) * ((k + 1) / (pts.length - 1));
      return `arm = min(arm, capsule(q, ${v3(pts[k])}, ${v3(q)}, ${f(r0)}, ${f(r1)}));`;
    }).join('\n  ');
    return `{ float arm = 9.0;\n  ${segs}\n  d = smin(d, arm, ${f(a.blend ?? 0.03)}); }`;
  }).join('\n');
  const lid = p.lid ? (() => {
    const lp = smooth(p.lid, 6);
    return `{ float l = 9.0; ${lp.slice(1).map((q, k) => `l = min(l, seg(c, ${v2(lp[k])}, ${v2(q)}));`).join(' ')}
      d = min(d, l - ${f(p.thickness ?? 0.03)}); }`;
  })() : '';
  const ribs = p.ribs ? `float ribs = ${f(p.ribs[1])} * sin(q.y * ${f(p.ribs[0])}) * smoothstep(0.03, 0.12, q.y);` : 'float ribs = 0.0;';
  const flutes = p.flutes ? `ribs += ${f(p.flutes[1])} * abs(sin(atan(q.z, q.x) * ${f(p.flutes[0])}));` : '';
  return `
float pot${i}(vec3 q) {
  q -= vec3(${f(x)}, 0.0, ${f(z)});
  float a = ${f(turn)} + uTurn; q.xz = mat2(cos(a), -sin(a), sin(a), cos(a)) * q.xz;
  vec2 c = vec2(length(q.xz), q.y);
  vec2 box = vec2(c.x - ${f(radius)}, abs(q.y - ${f(top / 2)}) - ${f(top / 2)});
  float bound = length(max(box, 0.0)) + min(max(box.x, box.y), 0.0);
  if (bound > 0.25) return bound;
  ${ribs} ${flutes}
  float d = 9.0;
  ${profile.slice(1).map((q, k) => `d = min(d, seg(c, ${v2(profile[k])}, ${v2(q)}));`).join('\n  ')}
  d -= ${f(p.thickness ?? 0.03)} + ribs;
  ${lid}
  ${arms}
  return d * 0.9;
}
vec3 paint${i}(vec3 q, out float gloss) {
  q -= vec3(${f(x)}, 0.0, ${f(z)});
  float a = ${f(turn)} + uTurn; q.xz = mat2(cos(a), -sin(a), sin(a), cos(a)) * q.xz;
  float wob = 0.035 * sin(atan(q.z, q.x) * 3.0 + ${f(i * 2.1)}) + 0.03 * noise(q * 6.0);
  float g = smoothstep(-0.012, 0.012, q.y - ${f(p.dip ?? -1)} + wob * ${f(p.wobble ?? 1)});
  float inside = step(length(q.xz), 0.0);
  float cloud = noise(q * 3.0 + ${f(i)}) * 0.6 + noise(q * 9.0) * 0.4;
  vec3 glaze = mix(${v3(p.glaze)}, ${v3(p.glaze2 ?? p.glaze)}, smoothstep(0.25, 0.75, ${p.fade ? `q.y / ${f(p.fade)} + (cloud - 0.5) * 0.35` : 'cloud'}));
  vec3 clay = ${v3(p.clay ?? [0.66, 0.5, 0.38])} * (0.88 + 0.24 * noise(q * 30.0));
  float fleck = smoothstep(${f(p.fleck ?? 0.8)}, ${f((p.fleck ?? 0.8) + 0.04)}, noise(q * 46.0)) ;
  glaze = mix(glaze, glaze * 0.35 + vec3(0.03, 0.02, 0.01), fleck * ${f(p.fleckAmount ?? 0.7)});
  gloss = mix(0.08, ${f(p.gloss ?? 0.6)}, g);
  return mix(clay, glaze, g);
}`;
}

function smooth3(points, per) {
  const out = [];
  for (let i = 0; i < points.length - 1; i++) {
    const P = [points[Math.max(0, i - 1)], points[i], points[i + 1], points[Math.min(points.length - 1, i + 2)]];
    for (let j = 0; j < per; j++) {
      const t = j / per, t2 = t * t, t3 = t2 * t;
      out.push([0, 1, 2].map((k) => 0.5 * (2 * P[1][k] + (P[2][k] - P[0][k]) * t + (2 * P[0][k] - 5 * P[1][k] + 4 * P[2][k] - P[3][k]) * t2
        + (3 * P[1][k] - P[0][k] - 3 * P[2][k] + P[3][k]) * t3)));
    }
  }
  out.push(points[points.length - 1]);
  return out;
}

function shader(scene) {
  const pots = scene.pots;
  return `#version 300 es
precision highp float;
uniform vec2 uSize; uniform float uTurn; out vec4 pixel;
float hash(vec3 p) { p = fract(p * 0.3183099 + 0.1); p *= 17.0; return fract(p.x * p.y * p.z * (p.x + p.y + p.z)); }
float noise(vec3 x) { vec3 i = floor(x), f = fract(x); f = f * f * (3.0 - 2.0 * f);
  return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x), mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
             mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x), mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z); }
float seg(vec2 p, vec2 a, vec2 b) { vec2 pa = p - a, ba = b - a; return length(pa - ba * clamp(dot(pa, ba) / dot(ba, ba), 0.0, 1.0)); }
float capsule(vec3 p, vec3 a, vec3 b, float r0, float r1) { vec3 pa = p - a, ba = b - a; float h = clamp(dot(pa, ba) / dot(ba, ba), 0.0, 1.0);
  return length(pa - ba * h) - mix(r0, r1, h); }
float smin(float a, float b, float k) { float h = clamp(0.5 + 0.5 * (b - a) / k, 0.0, 1.0); return mix(b, a, h) - k * h * (1.0 - h); }
${pots.map(pot).join('\n')}
float map(vec3 p) { float d = 9.0; ${pots.map((_, i) => `d = min(d, pot${i}(p));`).join(' ')} return d; }
float backdrop(vec3 p) { float wall = ${f(scene.wall ?? 2.4)} + p.z, r = 1.1; // a sweep: floor bends into the wall
  vec2 q = vec2(wall, p.y); if (q.x < r && q.y < r) return r - length(q - vec2(r)); return min(q.x, q.y); }
float scene(vec3 p) { return min(map(p), backdrop(p)); }
float shadow(vec3 o, vec3 l, float k) { float t = 0.02, s = 1.0; for (int i = 0; i < 36; i++) { float h = map(o + l * t); s = min(s, k * h / t);
  t += clamp(h, 0.02, 0.25); if (s < -1.0 || t > 4.5) break; } s = clamp(s, -1.0, 1.0); return 0.25 * (1.0 + s) * (1.0 + s) * (2.0 - s); }
float occlusion(vec3 p, vec3 n) { float o = 0.0, w = 1.0; for (int i = 1; i < 6; i++) { float h = 0.06 * float(i); o += (h - map(p + n * h)) * w; w *= 0.75; }
  return clamp(1.0 - 1.6 * o, 0.0, 1.0); }
vec3 shade(vec3 o, vec3 d) {
  float t = 0.4; for (int i = 0; i < 110; i++) { float h = scene(o + d * t); if (h < 0.0008 * t || t > 14.0) break; t += h; }
  vec3 p = o + d * t;
  vec3 n = vec3(0.0); for (int i = min(0, int(uTurn)); i < 4; i++) { // a loop, so that the compiler does not inline the scene six times
    vec3 s = 0.5773 * (2.0 * vec3(((i + 3) >> 1) & 1, (i >> 1) & 1, i & 1) - 1.0); n += s * scene(p + s * 0.0015); }
  n = normalize(n);
  vec3 col = ${v3(scene.wallColour)} * (0.985 + 0.03 * noise(p * 60.0)); float gloss = 0.0;
  float best = backdrop(p);
  ${pots.map((_, i) => `{ float h = pot${i}(p); if (h < best) { best = h; col = paint${i}(p, gloss); } }`).join('\n  ')}
  vec3 l = normalize(${v3(scene.light ?? [-0.75, 0.95, 0.55])}), fill = normalize(vec3(0.9, 0.4, 0.6));
  float sh = shadow(p + n * 0.004, l, 5.0), ao = occlusion(p, n);
  float dif = clamp(dot(n, l), 0.0, 1.0) * sh;
  vec3 light = dif * vec3(1.5, 1.4, 1.26) + ao * (0.5 + 0.5 * n.y) * vec3(0.52, 0.56, 0.62) + ao * clamp(dot(n, fill), 0.0, 1.0) * vec3(0.26, 0.25, 0.25) + ao * 0.14 * clamp(-n.y, 0.0, 1.0);
  vec3 c = col * light;
  vec3 hv = normalize(l - d); float fr = 0.04 + 0.96 * pow(1.0 - clamp(dot(n, -d), 0.0, 1.0), 5.0);
  c += gloss * sh * pow(clamp(dot(n, hv), 0.0, 1.0), 90.0) * 0.9 + gloss * sh * pow(clamp(dot(n, hv), 0.0, 1.0), 14.0) * 0.10;
  vec3 r = reflect(d, n); float win = smoothstep(0.30, 0.36, r.x * -0.7 + r.z * 0.3) * smoothstep(0.05, 0.2, r.y) * smoothstep(0.85, 0.7, r.y); // a window's reflection
  c += gloss * ao * fr * (vec3(0.55) * smoothstep(-0.2, 0.6, r.y)) + gloss * win * 0.10 * ao;
  return c;
}
void main() {
  vec3 eye = ${v3(scene.eye)}, at = ${v3(scene.look)}; vec3 w = normalize(at - eye), u = normalize(cross(w, vec3(0, 1, 0))), v = cross(u, w);
  vec3 sum = vec3(0.0);
  for (int ay = 0; ay < 2; ay++) for (int ax = 0; ax < 2; ax++) {
    vec2 q = (2.0 * (gl_FragCoord.xy + (vec2(ax, ay) - 0.5) * 0.5) - uSize) / uSize.y;
    sum += shade(eye, normalize(q.x * u + q.y * v + ${f(scene.zoom ?? 3.2)} * w));
  }
  vec3 c = sum * 0.155; vec2 g = gl_FragCoord.xy / uSize - 0.5; c *= 1.0 - 0.35 * dot(g, g);
  c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14);
  pixel = vec4(pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2)) , 1.0);
}`;
}

function render(scene, width, height, turn = 0) {
  const canvas = document.createElement('canvas'); canvas.width = width; canvas.height = height;
  const gl = canvas.getContext('webgl2', { preserveDrawingBuffer: true });
  const make = (type, text) => { const s = gl.createShader(type); gl.shaderSource(s, text); gl.compileShader(s);
    if (!gl.getShaderParameter(s, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(s) + '\n' + text); return s; };
  const program = gl.createProgram();
  gl.attachShader(program, make(gl.VERTEX_SHADER, '#version 300 es\nvoid main(){ vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0); gl_Position = vec4(p, 0, 1); }'));
  gl.attachShader(program, make(gl.FRAGMENT_SHADER, shader(scene)));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || 'the shader does not link');
  gl.useProgram(program);
  gl.uniform2f(gl.getUniformLocation(program, 'uSize'), width, height);
  const draw = (angle) => {
    gl.uniform1f(gl.getUniformLocation(program, 'uTurn'), angle);
    gl.enable(gl.SCISSOR_TEST);
    for (let y = 0; y < height; y += 120) for (let x = 0; x < width; x += 160) { gl.scissor(x, y, 160, 120); gl.drawArrays(gl.TRIANGLES, 0, 3); gl.finish(); }
    return canvas;
  };
  draw(turn);
  return { canvas, draw };
}
globalThis.render = render;
