/** The rpcs that take MindSpore Serving's PredictRequest. */
export const predictPaths = {
  predict: '/mindspore.serving.proto.MSService/Predict',
  /** Its replies are the responses to one instance; proto/serving/predict/v1/predict.proto is the contract. */
  stream: '/serving.predict.v1.PredictService/PredictStream',
} as const;
