/**
 * onnxruntime writes a database under the home directory and looks up a host unless this is set in the main thread
 * before its library is loaded; threads load it, and their copies of the environment come too late.
 */
export function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}
