//! Networks in OpenVINO, whose library is loaded at run time.

use std::path::Path;

use openvino::{CompiledModel, Core, DeviceType, ElementType, InferRequest, RwPropertyKey, Shape, Tensor};

use crate::FinderError;

/// OpenVINO, ready to load networks.
pub(crate) struct Runtime {
    core: Core,
}

impl Runtime {
    /// `library` is the file of OpenVINO's C interface, with the libraries that it needs beside it. One that the process
    /// has loaded before stays. Networks compute in f32, with `threads` threads.
    pub fn load(library: &Path, threads: usize) -> Result<Self, FinderError> {
        openvino_sys::library::load_from(library).map_err(FinderError::Runtime)?;
        let mut core = Core::new().map_err(|error| FinderError::Runtime(error.to_string()))?;
        let threads = threads.max(1).to_string();
        let properties = [
            (RwPropertyKey::HintInferencePrecision, "f32"),
            (RwPropertyKey::InferenceNumThreads, threads.as_str()),
            (RwPropertyKey::NumStreams, "1"),
            // Threads tied to cores would stand in the way of capture's.
            (RwPropertyKey::HintEnableCpuPinning, "NO"),
        ];
        core.set_properties(&DeviceType::CPU, properties)?;
        Ok(Self { core })
    }

    pub fn network(&mut self, file: &Path) -> Result<Network, FinderError> {
        let unfit = || FinderError::Engine(format!("{}: its path is not UTF-8", file.display()));
        let model = self.core.read_model_from_file(file.to_str().ok_or_else(unfit)?, "")?;
        let mut compiled = self.core.compile_model(&model, DeviceType::CPU)?;
        let shape = compiled.get_input()?.get_shape()?;
        let input = Tensor::new(ElementType::F32, &Shape::new(shape.get_dimensions())?)?;
        let mut request = compiled.create_infer_request()?;
        request.set_input_tensor(&input)?;
        let outputs = compiled.get_output_size()?;
        Ok(Network { request, input, outputs, _compiled: compiled })
    }
}

/// One network with one input, and room for one run.
pub(crate) struct Network {
    request: InferRequest,
    input: Tensor,
    outputs: usize,
    _compiled: CompiledModel,
}

impl Network {
    /// To be filled before [`Self::run`].
    pub fn input(&mut self) -> Result<&mut [f32], FinderError> {
        Ok(self.input.get_data_mut()?)
    }

    pub fn run(&mut self) -> Result<(), FinderError> {
        Ok(self.request.infer()?)
    }

    /// The output that holds `length` values: the networks used here have but one of each length.
    pub fn output(&self, length: usize) -> Result<Vec<f32>, FinderError> {
        for index in 0..self.outputs {
            let tensor = self.request.get_output_tensor_by_index(index)?;
            if tensor.get_size()? == length {
                return Ok(tensor.get_data::<f32>()?.to_vec());
            }
        }
        Err(FinderError::Engine(format!("the network has no output of {length} values")))
    }
}
